"""Decide what to do with a transaction.

The one function that guard, `confirm`, `rollback`, `recover` and the boot unit ask, always with the
lock held: whoever holds it next, after a crash or a stop, comes to a decision that fits.
"""

from typing import Literal

from msgspec import Struct

Reason = Literal["gone", "time", "confirm", "rollback", "recover"]
"""Why a decision is asked for: the executor is gone, the time is up, or a command asks."""
State = Literal[
    "changing",
    "pending",
    "committing",
    "committed",
    "undoing",
    "rolled-back",
    "incomplete",
    "taken-back",
]
"""Where a transaction stands, by the journal."""
Decision = Literal[
    "keep",  # commit the files
    "note-kept",  # all is done but for the last line of the journal
    "roll-back",
    "roll-back-files",  # of another boot: the kernel has forgotten the rest
    "nothing",  # it is finished
    "leave",  # to its guard
    "wait",  # for the deadline
    "drop",  # the order: its caller waits no longer
]
FINISHED = frozenset({"committed", "rolled-back", "incomplete", "taken-back"})


class View(Struct, frozen=True):
    """All that a decision depends on.

    `here`: the transaction is of this boot. `overdue`: the deadline has passed. `caller`: whoever
    gave the order still waits for the answer. `complete`: files and kernel are as the change leads
    to, and it was to be kept. `guarded`: a guard lives, and is not stopped.
    """

    reason: Reason
    state: State
    here: bool = True
    overdue: bool = False
    caller: bool = True
    complete: bool = False
    guarded: bool = False


def decide(view: View) -> Decision:
    """Return what to do. It depends on nothing else, and is safe to carry out twice."""
    if view.state in FINISHED and (view.state, view.reason) != ("incomplete", "recover"):
        return "nothing"
    if not view.here:
        return "note-kept" if view.complete else "roll-back-files"
    if not view.caller:
        return "drop"
    if view.reason == "recover" and view.guarded and not view.overdue:
        return "leave"
    if view.state == "pending":
        return _decide_pending(view)
    return "note-kept" if view.complete else "roll-back"


def _decide_pending(view: View) -> Decision:
    if view.overdue or view.reason in ("time", "rollback", "recover"):
        return "roll-back"
    return "keep" if view.reason == "confirm" else "wait"
