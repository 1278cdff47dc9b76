"""Make a change not have happened, or find that it was complete.

The journal says how far the change came; the machine has the last word: after the undo it is read
anew and compared with the snapshot.
"""

import contextlib
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from bridgekit.errors import BridgekitError, RollbackIncompleteError, RolledBackError
from bridgekit.host import files, place
from bridgekit.planning.diff import differ, differences
from bridgekit.planning.difference import Difference
from bridgekit.planning.operations import Operation, inverted
from bridgekit.transaction import probes
from bridgekit.transaction.engine import (
    Machine,
    conclude,
    focus,
    goal,
    link_before,
    listed,
    mark_undone,
    wrong,
)
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.record import Record

AS_BEFORE = "the host is as before"


class _Left(Struct, frozen=True):
    """What still differs from the state before; `others` is what something else did meanwhile."""

    found: tuple[Difference, ...]
    others: list[Difference]

    @property
    def ours(self) -> bool:
        return len(self.found) > len(self.others)


def committed(machine: Machine, journal: Journal, record: Record) -> bool:
    """Was the change complete, and only the last line about it was not written, or is lost?

    The files tell: they are replaced only when the change is verified and to be kept. Then the
    line is written now.
    """
    if journal.state() == "undoing" or not _files_are_new(record):
        return False
    here = record.place.boot == place.current().boot
    if here and wrong(machine, goal(record), record.plan.intent):
        return False
    for item in record.plan.files:
        files.sweep(Path(item.path), item.before, item.after)
    conclude(journal, record)
    return True


def _files_are_new(record: Record) -> bool:
    """One that cannot be read is not the new one."""
    with contextlib.suppress(BridgekitError):
        found = [files.read(Path(item.path)) == item.after for item in record.plan.files]
        return bool(found) and all(found)
    return False


def undo(machine: Machine, journal: Journal, record: Record, everything: bool = False) -> str:
    """Take back what was started, or all; return what is to be told of the host's state.

    Nothing stops it: neither a step that cannot be undone nor a journal that cannot be written.
    RollbackIncompleteError lists what differs at the end, with the commands that put it right.
    """
    _noted(journal, Entry("undoing"))
    with contextlib.suppress(BridgekitError, OSError):
        if record.service:
            machine.close(record.plan.intent.bridge)
    count = len(record.plan.operations)
    begun = _begun(machine, record, journal, everything or journal.damaged())
    if begun == count:
        _stop_if_renamed(machine, journal, record)
    going = _going(machine, journal, record)
    troubles = _undone_operations(machine, record, begun)
    left = _left(machine, record)
    if left.ours and begun < count:  # the journal may tell of less than was done
        troubles += _undone_operations(machine, record, count)
        left = _left(machine, record)
    remaining = _undone_files(journal, record)
    if left.ours:
        remaining += [*dict.fromkeys(troubles), *listed(left.found), *_repairs(left.found)]
    others = [*going, *(f"  not of this change, and left: {one.text}" for one in left.others)]
    unwritten = _concluded(journal, record, remaining, others)
    return "\n".join([AS_BEFORE + _reach(record), *others, *unwritten])


def _begun(machine: Machine, record: Record, journal: Journal, everything: bool) -> int:
    """How many operations are to be taken back; none if the host is as it was."""
    if not everything:
        return journal.steps_started()
    links = focus(record.plan.intent)
    changed = differ(record.plan.snapshot, machine.snapshot(*links), links)
    return len(record.plan.operations) if changed else 0


def _stop_if_renamed(machine: Machine, journal: Journal, record: Record) -> None:
    """The bridge must not go before its NIC is found: it has the host's addresses."""
    nic, bridge = record.plan.intent.nic, record.plan.intent.bridge
    before, links = record.plan.snapshot.link(nic), machine.links()
    renamed = (link.name for link in links if before and link.index == before.index)
    name = next(renamed, nic)
    if name != nic and any(link.name == bridge for link in links):
        what = f"  {nic} is called {name} now; {bridge} stays, for it has the host's addresses"
        advice = (
            f"  call it {nic} again (`ip link set {name} name {nic}`), then `bridgekit recover`"
        )
        _concluded(journal, record, [what, advice])


def _going(machine: Machine, journal: Journal, record: Record) -> list[str]:
    """What others gave a bridge that goes, in words."""
    intent = record.plan.intent
    if record.plan.snapshot.link(intent.bridge) or not journal.verified():
        return []
    found = (one.text for one in wrong(machine, goal(record), intent) if _added(one))
    own = re.compile(rf"\b{re.escape(intent.bridge)}\b")
    return [f"  gone with {intent.bridge}: {text}" for text in found if own.search(text)]


def undo_files(journal: Journal, record: Record) -> str:
    """After a reboot only files can be half-done: the kernel has forgotten the rest."""
    _noted(journal, Entry("undoing"))
    unwritten = _concluded(journal, record, _undone_files(journal, record))
    return "\n".join([AS_BEFORE, *unwritten])


def undone(machine: Machine, journal: Journal, record: Record, cause: object) -> RolledBackError:
    """Undo, and return the error that says why and how the host is now."""
    try:
        how = undo(machine, journal, record)
    except RollbackIncompleteError as error:
        raise RollbackIncompleteError(f"{cause}\n{error}") from error
    return RolledBackError(f"{cause}\nEverything was undone: {how}.")


def _concluded(
    journal: Journal, record: Record, remaining: list[str], others: Iterable[str] = ()
) -> list[str]:
    """Note that it is undone; return what could not be written.

    RollbackIncompleteError if it is not.
    """
    if remaining:
        text = "\n".join(remaining)
        unwritten = _noted(journal, Entry("incomplete", text=text))
        raise RollbackIncompleteError("\n".join(["undone, but:", text, *unwritten]))
    with contextlib.suppress(OSError, BridgekitError):
        mark_undone(journal, record, "committed")
    return _noted(journal, Entry("rolled-back", text="\n".join(others)))


def _noted(journal: Journal, entry: Entry) -> list[str]:
    """Write to the journal; return why it could not be done."""
    try:
        journal.write(entry)
    except OSError as error:
        path = journal.folder / "journal"
        return [f"  {path} cannot be written: {error.strerror}; `bridgekit recover` tries again"]
    return []


def _left(machine: Machine, record: Record) -> _Left:
    intent = record.plan.intent
    found = wrong(machine, record.plan.snapshot, intent)
    if not any(map(_added, found)):
        return _Left(found, [])
    changed = differences(record.plan.snapshot, goal(record), focus(intent))
    subjects = {one.subject or one.text for one in changed}
    others = [one for one in found if _added(one) and (one.subject or one.text) not in subjects]
    return _Left(found, others)


def _added(one: Difference) -> bool:
    """Is it something that is there now, and not a loss?"""
    return one.what == "unexpected" or bool(one.subject)


def _undone_operations(machine: Machine, record: Record, begun: int) -> list[str]:
    operations = inverted(record.plan.operations[:begun])
    with machine.detour(operations, undoing=True):
        return [trouble for one in operations for trouble in _undone(machine, one)]


def _undone(machine: Machine, operation: Operation) -> Iterator[str]:
    try:
        machine.execute(operation, undoing=True)
    except Exception as error:  # whatever it is, the other steps must still be undone
        first, *more = operation.describe()
        words = f"{first}{' …' if more else ''}"
        yield f"  could not do: {words}: {error}"


def _undone_files(journal: Journal, record: Record) -> list[str]:
    """Put back each file that is the new one; one that someone else has changed is theirs."""
    begun, troubles = journal.commit_begun(), []
    for item in record.plan.files:
        try:
            stranger = files.sweep(Path(item.path), item.before, item.after)
            if stranger:
                troubles.append(f"  {stranger} is what someone else wrote to {item.path} meanwhile")
            now = files.read(Path(item.path))
            if now == item.after:
                files.swap(Path(item.path), item.after, item.before)
            elif now != item.before and begun:
                troubles.append(f"  {item.path} was changed by someone else, and is left so")
        except BridgekitError as error:
            troubles += [f"  {error}"] if begun else []
    return troubles


def _reach(record: Record) -> str:
    """Say whether the host is as reachable as before, if anything answered then."""
    if not record.probes:
        return ""
    silent = probes.silent(record.probes, link_before(record.plan.intent))
    if silent:
        return f", but {', '.join(silent)} answered before and does not now"
    return ", and as reachable as before"


def _repairs(found: Iterable[Difference]) -> list[str]:
    commands = [f"  {_pasteable(one)}" for difference in found for one in difference.repair]
    return ["To put it right by hand:", *commands] if commands else []


def _pasteable(command: str) -> str:
    """Quote its words for a shell: the name of a link can hold almost anything."""
    try:
        return shlex.join(shlex.split(command))
    except ValueError:  # a name with a quotation mark
        return f"# not to be pasted: {command}"
