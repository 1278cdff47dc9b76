"""The parts that the programs share: commit, roll back, and carry out a decision."""

from bridgekit.protocol.decide import Reason, View, decide
from bridgekit.protocol.effects import (
    CheckFiles,
    Compare,
    Conclude,
    EndGuard,
    Ending,
    Look,
    Note,
    Program,
    ReleaseLock,
    ReplaceFiles,
    RestoreGuard,
    RollBackFiles,
    RollBackKernel,
    StartService,
    Steps,
    TakeLock,
)


def commit() -> Steps:
    """Check the files, and replace them."""
    return (yield CheckFiles()) and (yield from _replace_files())


def _replace_files() -> Steps:
    """Replace the files. The journal says so before the first and after the last."""
    return (
        (yield Note("committing"))
        and (yield ReplaceFiles())
        and (yield Conclude())
        and (yield Note("committed"))
    )


def roll_back(kernel: bool = True) -> Program[Ending]:
    """Roll back, whatever fails: the rest must still be rolled back."""
    yield Note("undoing")
    restored = (yield RollBackKernel()) if kernel else True
    if not ((yield RollBackFiles()) and restored):
        yield Note("incomplete")
        return "incomplete"
    return "rolled-back" if (yield Note("rolled-back")) else "unnoted"


def settle(view: View) -> Program[Ending]:
    """Carry out what `decide` says. A change is kept only if the machine still has it."""
    match decide(view):
        case "keep":
            return (yield from _keep(view.reason))
        case "note-kept":
            yield Conclude()
            return "kept" if (yield Note("committed")) else "unnoted"
        case "roll-back":
            return (yield from roll_back())
        case "roll-back-files":
            return (yield from roll_back(kernel=False))
        case "nothing":
            return _finished(view)
        case _:
            return "pending" if view.state == "pending" else "busy"


def _keep(reason: Reason) -> Program[Ending]:
    """Commit. The first looks take time, so the last one is at the deadline and the caller."""
    if not (yield Compare()):
        return "refused"
    if not (yield CheckFiles()):
        return (yield from roll_back())
    view = yield Look(reason)
    if decide(view) != "keep":
        return (yield from settle(view))
    if not (yield from _replace_files()):
        return (yield from roll_back())
    yield StartService()
    return "kept"


def _finished(view: View) -> Ending:
    if view.state in ("committed", "taken-back"):
        return "kept"
    return "incomplete" if view.state == "incomplete" else "rolled-back"


def settle_locked(reason: Reason, end_guard: bool = True) -> Program[Ending]:
    """Take the lock, look, decide, act. Who acts in the guard's place ends the guard first."""
    if not (yield TakeLock()):
        return "busy"
    view = yield Look(reason)
    if end_guard and decide(view) not in ("leave", "nothing"):
        yield EndGuard()
    ending = yield from settle(view)
    if end_guard and ending == "refused":
        yield RestoreGuard()
    yield ReleaseLock()
    return ending
