"""What is decided of a transaction, where the explorer of all orders would take too long."""

from itertools import product
from typing import get_args

import pytest

from bridgekit.protocol.decide import FINISHED, State, View, decide
from bridgekit.protocol.effects import Reason

REASONS = get_args(Reason)


def test_only_recover_tries_an_incomplete_rollback_again() -> None:
    found = {reason: decide(View(reason, "incomplete")) for reason in REASONS}
    assert found.pop("recover") == "roll-back"
    assert set(found.values()) == {"nothing"}
    assert decide(View("recover", "incomplete", here=False)) == "roll-back-files"


@pytest.mark.parametrize("state", sorted(FINISHED - {"incomplete"}))
def test_what_is_finished_is_left_alone(state: State) -> None:
    for reason, here, overdue in product(REASONS, (True, False), (True, False)):
        assert decide(View(reason, state, here, overdue)) == "nothing"
