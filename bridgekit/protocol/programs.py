"""The programs: of the executor (`apply`), of its guard, and of the commands that decide."""

from typing import Literal

from msgspec import Struct

from bridgekit.protocol.decide import FINISHED, State
from bridgekit.protocol.effects import (
    FINAL,
    Acknowledge,
    Arm,
    Create,
    EndExecutor,
    Ending,
    Execute,
    Note,
    Notice,
    Order,
    Program,
    SendAnswer,
    StartGuard,
    Steps,
    TakeLock,
    Verify,
    Wait,
)
from bridgekit.protocol.steps import commit, roll_back, settle_locked


def execute(steps: int, confirm: bool) -> Program[Ending]:
    """Make a change of so many operations; then commit it, or let it wait to be confirmed.

    The guard is there before the first operation, and has the deadline before anyone is told to
    confirm. The lock and the guard's connection are held until this process ends.
    """
    if not (yield TakeLock(wait=False)):
        return "busy"
    if not (yield Create()):
        return "refused"
    changed = (yield StartGuard()) and (yield from change(steps))
    if changed and (yield from (_let_wait() if confirm else commit())):
        return "pending" if confirm else "kept"
    return (yield from roll_back())


def change(steps: int) -> Steps:
    """Carry out so many operations, each in the journal before it is made; then verify."""
    for step in range(steps):
        if not ((yield Note("started", step)) and (yield Execute(step))):
            return False
    return (yield Verify()) and (yield Note("verified"))


def _let_wait() -> Steps:
    return (yield Arm()) and (yield Note("pending"))


WAITING = ("pending", "changing")
"""States in which a guard that has a deadline waits for it: the journal may be lost meanwhile."""


class Watch(Struct, frozen=True):
    """What a guard knows while it waits.

    `executor` is "connected", "ended" (and nothing was done about that yet) or "none". `message`:
    a deadline has come from it. `order`: what a caller asks. `armed`: the guard has a deadline,
    its own memory of it; `overdue`: it has passed. `late`: the executor is over its time.
    """

    executor: Literal["connected", "ended", "none"]
    state: State
    message: bool = False
    order: Literal["confirm", "rollback"] | None = None
    armed: bool = False
    overdue: bool = False
    late: bool = False


def notice(watch: Watch) -> Notice | None:
    """Return what the guard has to act on now; None: nothing, it waits."""
    if watch.message:
        return "armed"
    if watch.executor == "ended":
        return "gone"
    return watch.order or _notice_time(watch)


def _notice_time(watch: Watch) -> Notice | None:
    if watch.executor == "none" and watch.state in FINISHED:
        return "finished"
    if watch.armed and (watch.overdue or watch.state in WAITING):
        return "time" if watch.overdue else None
    if watch.executor == "none":
        return "gone"
    return "limit" if watch.late else None


def guard_turn() -> Program[bool]:
    """Wait for one notice and act on it; return whether there is nothing left to guard."""
    what: Notice = yield Wait()
    if what == "finished":
        return True
    if what == "armed":
        yield Acknowledge()
        return False
    if what in ("time", "limit"):
        yield EndExecutor()
    if what == "limit":
        return False  # the end of its connection is the next notice
    ending = yield from settle_locked(what, end_guard=False)
    if what in ("confirm", "rollback"):
        yield SendAnswer(ending)
    return ending in FINAL


def give_order(reason: Literal["confirm", "rollback"]) -> Program[Ending]:
    """Have the guard keep or roll back a change that waits; do it here if no guard moves."""
    ending: Ending | None = yield Order(reason)
    return ending or (yield from settle_locked(reason))


def recover() -> Program[Ending]:
    """Finish what a crash left behind, unless a guard does."""
    return (yield from settle_locked("recover"))
