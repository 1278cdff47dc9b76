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


def test_before_the_deadline_recover_leaves_a_change_to_its_guard() -> None:
    assert decide(View("recover", "pending", guarded=True)) == "leave"
    assert decide(View("recover", "changing", guarded=True)) == "leave"
    assert decide(View("recover", "pending", guarded=True, overdue=True)) == "roll-back"
    assert decide(View("recover", "pending", guarded=False)) == "roll-back"
