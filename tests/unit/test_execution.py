"""Every operation that a plan can hold is carried out by a function."""

from bridgekit.host.execution import HANDLERS
from bridgekit.planning.operations import Operation


def test_each_operation_has_its_function() -> None:
    assert set(HANDLERS) == set(Operation.__subclasses__())
    assert len(set(HANDLERS.values())) == len(HANDLERS)
