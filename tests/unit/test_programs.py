"""The order of effects in the protocol's programs, and what is decided."""

from contextlib import suppress
from itertools import product
from typing import Any, get_args

import pytest

from bridgekit.protocol import effects as fx
from bridgekit.protocol.decide import FINISHED, Reason, State, View, decide
from bridgekit.protocol.programs import Watch, execute, give_order, guard_turn, notice
from bridgekit.protocol.steps import settle_locked

REASONS = get_args(Reason)
Outcomes = dict[fx.Effect, Any]
COMMIT = [fx.CheckFiles(), fx.Note("committing"), fx.ReplaceFiles(), fx.Conclude()]
COMMIT += [fx.Note("committed")]
CHANGE = [fx.TakeLock(wait=False), fx.Create(), fx.StartGuard()]
CHANGE += [fx.Note("started", 0), fx.Execute(0), fx.Note("started", 1), fx.Execute(1)]
CHANGE += [fx.Verify(), fx.Note("verified")]
ROLLBACK = [fx.Note("undoing"), fx.RollBackKernel(), fx.RollBackFiles(), fx.Note("rolled-back")]


def drive(program: fx.Program[Any], outcomes: Outcomes | None = None) -> tuple[list[Any], Any]:
    """Run a program; each effect is done, but for these. Return the effects, and how it ended."""
    found, outcome = [], None
    while True:
        try:
            found.append(program.send(outcome))
        except StopIteration as end:
            return found, end.value
        outcome = (outcomes or {}).get(found[-1], True)


def test_a_change() -> None:
    assert drive(execute(2, confirm=False)) == ([*CHANGE, *COMMIT], "kept")
    waits = [*CHANGE, fx.Arm(), fx.Note("pending")]
    assert drive(execute(2, confirm=True)) == (waits, "pending")


@pytest.mark.parametrize("confirm", [True, False])
def test_whatever_cannot_be_done_is_rolled_back(confirm: bool) -> None:
    every = drive(execute(2, confirm))[0]
    assert drive(execute(2, confirm), {every[0]: False}) == (every[:1], "busy")
    assert drive(execute(2, confirm), {every[1]: False}) == (every[:2], "refused")
    for at, effect in enumerate(every[2:], 3):
        found = drive(execute(2, confirm), {effect: False})
        assert found == ([*every[:at], *ROLLBACK], "rolled-back"), effect


@pytest.mark.parametrize("failing", [fx.RollBackKernel(), fx.RollBackFiles()])
def test_what_a_rollback_leaves_is_noted(failing: fx.Effect) -> None:
    found, end = drive(execute(1, confirm=False), {fx.Verify(): False, failing: False})
    assert end == "incomplete" and found[-4:] == [*ROLLBACK[:3], fx.Note("incomplete")]


def test_a_confirm_where_no_guard_moves() -> None:
    """It does the guard's work: under the lock, after the guard's end, if all is still there."""
    start = [fx.Order("confirm"), fx.TakeLock(), fx.Look("confirm"), fx.EndGuard(), fx.Compare()]
    none: Outcomes = {fx.Order("confirm"): None, fx.Look("confirm"): View("confirm", "pending")}
    again = [*start, fx.CheckFiles(), fx.Look("confirm")]
    kept = [*again, *COMMIT[1:], fx.StartService(), fx.ReleaseLock()]
    assert drive(give_order("confirm"), none) == (kept, "kept")
    gone = [*start, fx.RestoreGuard(), fx.ReleaseLock()]
    assert drive(give_order("confirm"), none | {fx.Compare(): False}) == (gone, "refused")
    failed = [*again, *COMMIT[1:3], *ROLLBACK, fx.ReleaseLock()]
    end = drive(give_order("confirm"), none | {fx.ReplaceFiles(): False})
    assert end == (failed, "rolled-back")
    busy: Outcomes = none | {fx.TakeLock(): False}
    assert drive(give_order("confirm"), busy) == (start[:2], "busy")


def test_a_deadline_that_passes_while_it_looks() -> None:
    """The files are looked at for seconds; then the time is up."""
    late = View("confirm", "pending", overdue=True)
    program, effects, views = give_order("confirm"), [], [View("confirm", "pending"), late]
    effect = next(program)
    with suppress(StopIteration):
        while True:
            effects.append(effect)
            done = views.pop(0) if isinstance(effect, fx.Look) else True
            effect = program.send(None if isinstance(effect, fx.Order) else done)
    assert fx.Note("committing") not in effects and fx.Note("undoing") in effects


def test_an_order_that_the_guard_obeyed_is_obeyed_once() -> None:
    order = fx.Order("rollback")
    assert drive(give_order("rollback"), {order: "rolled-back"}) == ([order], "rolled-back")


def test_what_is_the_guards_is_left_to_it() -> None:
    guarded: Outcomes = {fx.Look("recover"): View("recover", "changing", guarded=True)}
    found = [fx.TakeLock(), fx.Look("recover"), fx.ReleaseLock()]
    assert drive(settle_locked("recover"), guarded) == (found, "busy")


def test_a_guards_turn() -> None:
    wait = fx.Wait()
    assert drive(guard_turn(), {wait: "finished"}) == ([wait], True)
    assert drive(guard_turn(), {wait: "armed"}) == ([wait, fx.Acknowledge()], False)
    assert drive(guard_turn(), {wait: "limit"}) == ([wait, fx.EndExecutor()], False)
    late: Outcomes = {wait: "time", fx.Look("time"): View("time", "pending", overdue=True)}
    expected = [wait, fx.EndExecutor(), fx.TakeLock(), fx.Look("time"), *ROLLBACK, fx.ReleaseLock()]
    assert drive(guard_turn(), late) == (expected, True)
    asked: Outcomes = {wait: "confirm", fx.Look("confirm"): View("confirm", "pending")}
    found, end = drive(guard_turn(), asked)
    assert (found[-1], end) == (fx.SendAnswer("kept"), True)


@pytest.mark.parametrize(
    ("watch", "noticed"),
    [
        (Watch("connected", "changing"), None),
        (Watch("connected", "changing", late=True), "limit"),
        (Watch("connected", "pending", message=True), "armed"),
        (Watch("ended", "changing"), "gone"),
        (Watch("none", "pending", armed=True), None),
        (Watch("none", "changing", armed=True), None),  # its journal is lost, its deadline is not
        (Watch("none", "changing", armed=True, overdue=True), "time"),
        (Watch("none", "pending", armed=True, order="confirm"), "confirm"),
        (Watch("none", "changing"), "gone"),
        (Watch("none", "committed"), "finished"),
    ],
)
def test_what_a_guard_notices(watch: Watch, noticed: fx.Notice | None) -> None:
    assert notice(watch) == noticed


def test_what_is_confirmed_in_time_is_kept() -> None:
    assert decide(View("confirm", "pending")) == "keep"
    assert decide(View("confirm", "pending", overdue=True)) == "roll-back"
    assert decide(View("confirm", "pending", caller=False)) == "drop"


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


@pytest.mark.parametrize("state", ["committing", "changing", "undoing"])
def test_what_is_complete_is_kept(state: State) -> None:
    """All but the last line of the journal was done."""
    assert decide(View("recover", state, complete=True)) == "note-kept"
    assert decide(View("recover", state)) == "roll-back"
