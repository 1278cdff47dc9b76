"""The golden cases that move something, and what somebody else does in between."""

from bridgekit.planning.operations import Operation
from tests.support.fake_machine import Interference
from tests.support.trial import moving_cases, plan_of

CASES = moving_cases()


def kinds_in(name: str) -> set[type[Operation]]:
    return {type(one) for one in plan_of(name).operations}


def first_with(kind: type[Operation]) -> str:
    return next(name for name in CASES if kind in kinds_in(name))


KINDS = sorted({kind for name in CASES for kind in kinds_in(name)}, key=lambda kind: kind.__name__)
IP = "192.168.1.4"


def change_link(name: str, **values: object) -> Interference:
    return lambda kernel: kernel.change_link(name, **values)
