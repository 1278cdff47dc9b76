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
from bridgekit.planning.diff import differ, differences
from bridgekit.planning.difference import Difference
from bridgekit.planning.operations import Operation, inverted
from bridgekit.system import atomic_file, namespaces
from bridgekit.transaction import probes
from bridgekit.transaction.executor import (
    Machine,
    bulleted,
    conclude,
    goal,
    mark_rolled_back,
    verify,
)
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.record import Record

AS_BEFORE = "the host is as before"


class _Remaining(Struct, frozen=True):
    """What still differs from the state before; `others` is what something else did meanwhile."""

    differences: tuple[Difference, ...]
    foreign: list[Difference]

    @property
    def ours(self) -> bool:
        return len(self.differences) > len(self.foreign)


def finish_commit(machine: Machine, journal: Journal, record: Record) -> bool:
    """Was the change complete, and only the last line about it was not written, or is lost?

    The files tell: they are replaced only when the change is verified and to be kept. Then the
    line is written now.
    """
    if journal.state() == "undoing" or not _files_are_new(record):
        return False
    here = record.namespace.boot == namespaces.current().boot
    if here and verify(machine, goal(record), record.plan.intent):
        return False
    for item in record.plan.files:
        atomic_file.remove_leftovers(Path(item.path), item.before, item.after)
    conclude(journal, record)
    return True


def _files_are_new(record: Record) -> bool:
    """One that cannot be read is not the new one."""
    with contextlib.suppress(BridgekitError):
        found = [atomic_file.read(Path(item.path)) == item.after for item in record.plan.files]
        return bool(found) and all(found)
    return False


def roll_back(machine: Machine, journal: Journal, record: Record, everything: bool = False) -> str:
    """Take back what was started, or all; return what is to be told of the host's state.

    Nothing stops it: neither a step that cannot be undone nor a journal that cannot be written.
    RollbackIncompleteError lists what differs at the end, with the commands that put it right.
    """
    _try_to_write(journal, Entry("undoing"))
    with contextlib.suppress(BridgekitError, OSError):
        if record.service:
            machine.close_forwarding(record.plan.intent.bridge)
    count = len(record.plan.operations)
    begun = _operations_started(machine, record, journal, everything or journal.damaged())
    if begun == count:
        _stop_if_renamed(machine, journal, record)
    going = _lost_with_bridge(machine, journal, record)
    troubles = _roll_back_operations(machine, record, begun)
    left = _remaining(machine, record)
    if left.ours and begun < count:  # the journal may tell of less than was done
        troubles += _roll_back_operations(machine, record, count)
        left = _remaining(machine, record)
    remaining = _roll_back_files(journal, record)
    if left.ours:
        remaining += [
            *dict.fromkeys(troubles),
            *bulleted(left.differences),
            *_repair_commands(left.differences),
        ]
    others = [*going, *(f"  not of this change, and left: {one.text}" for one in left.foreign)]
    unwritten = _conclude(journal, record, remaining, others)
    return "\n".join([AS_BEFORE + _reachability(record), *others, *unwritten])


def _operations_started(
    machine: Machine, record: Record, journal: Journal, everything: bool
) -> int:
    """How many operations are to be taken back; none if the host is as it was."""
    if not everything:
        return journal.steps_started()
    links = record.plan.intent.links
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
        _conclude(journal, record, [what, advice])


def _lost_with_bridge(machine: Machine, journal: Journal, record: Record) -> list[str]:
    """What others gave a bridge that goes, in words."""
    intent = record.plan.intent
    if record.plan.snapshot.link(intent.bridge) or not journal.verified():
        return []
    found = (one.text for one in verify(machine, goal(record), intent) if _is_addition(one))
    own = re.compile(rf"\b{re.escape(intent.bridge)}\b")
    return [f"  gone with {intent.bridge}: {text}" for text in found if own.search(text)]


def roll_back_files(journal: Journal, record: Record) -> str:
    """After a reboot only files can be half-done: the kernel has forgotten the rest."""
    _try_to_write(journal, Entry("undoing"))
    unwritten = _conclude(journal, record, _roll_back_files(journal, record))
    return "\n".join([AS_BEFORE, *unwritten])


def roll_back_after(
    machine: Machine, journal: Journal, record: Record, cause: object
) -> RolledBackError:
    """Undo, and return the error that says why and how the host is now."""
    try:
        how = roll_back(machine, journal, record)
    except RollbackIncompleteError as error:
        raise RollbackIncompleteError(f"{cause}\n{error}") from error
    return RolledBackError(f"{cause}\nEverything was undone: {how}.")


def _conclude(
    journal: Journal, record: Record, remaining: list[str], others: Iterable[str] = ()
) -> list[str]:
    """Note that it is undone; return what could not be written.

    RollbackIncompleteError if it is not.
    """
    if remaining:
        text = "\n".join(remaining)
        unwritten = _try_to_write(journal, Entry("incomplete", text=text))
        raise RollbackIncompleteError("\n".join(["undone, but:", text, *unwritten]))
    with contextlib.suppress(OSError, BridgekitError):
        mark_rolled_back(journal, record, "committed")
    return _try_to_write(journal, Entry("rolled-back", text="\n".join(others)))


def _try_to_write(journal: Journal, entry: Entry) -> list[str]:
    """Write to the journal; return why it could not be done."""
    try:
        journal.write(entry)
    except OSError as error:
        path = journal.folder / "journal"
        return [f"  {path} cannot be written: {error.strerror}; `bridgekit recover` tries again"]
    return []


def _remaining(machine: Machine, record: Record) -> _Remaining:
    intent = record.plan.intent
    found = verify(machine, record.plan.snapshot, intent)
    if not any(map(_is_addition, found)):
        return _Remaining(found, [])
    changed = differences(record.plan.snapshot, goal(record), intent.links)
    subjects = {one.subject or one.text for one in changed}
    others = [
        one for one in found if _is_addition(one) and (one.subject or one.text) not in subjects
    ]
    return _Remaining(found, others)


def _is_addition(one: Difference) -> bool:
    """Is it something that is there now, and not a loss?"""
    return one.what == "unexpected" or bool(one.subject)


def _roll_back_operations(machine: Machine, record: Record, begun: int) -> list[str]:
    operations = inverted(record.plan.operations[:begun])
    with machine.ingress_redirect(operations, rolling_back=True):
        return [trouble for one in operations for trouble in _roll_back_operation(machine, one)]


def _roll_back_operation(machine: Machine, operation: Operation) -> Iterator[str]:
    try:
        machine.execute(operation, rolling_back=True)
    except Exception as error:  # whatever it is, the other steps must still be undone
        first, *more = operation.describe()
        words = f"{first}{' …' if more else ''}"
        yield f"  could not do: {words}: {error}"


def _roll_back_files(journal: Journal, record: Record) -> list[str]:
    """Put back each file that is the new one; one that someone else has changed is theirs."""
    begun, troubles = journal.commit_started(), []
    for item in record.plan.files:
        try:
            stranger = atomic_file.remove_leftovers(Path(item.path), item.before, item.after)
            if stranger:
                troubles.append(f"  {stranger} is what someone else wrote to {item.path} meanwhile")
            now = atomic_file.read(Path(item.path))
            if now == item.after:
                atomic_file.compare_and_swap(Path(item.path), item.after, item.before)
            elif now != item.before and begun:
                troubles.append(f"  {item.path} was changed by someone else, and is left so")
        except BridgekitError as error:
            troubles += [f"  {error}"] if begun else []
    return troubles


def _reachability(record: Record) -> str:
    """Say whether the host is as reachable as before, if anything answered then."""
    if not record.probes:
        return ""
    silent = probes.unanswered(record.probes, record.plan.intent.link_before)
    if silent:
        return f", but {', '.join(silent)} answered before and does not now"
    return ", and as reachable as before"


def _repair_commands(found: Iterable[Difference]) -> list[str]:
    commands = [f"  {_quoted(one)}" for difference in found for one in difference.repair]
    return ["To put it right by hand:", *commands] if commands else []


def _quoted(command: str) -> str:
    """Quote its words for a shell: the name of a link can hold almost anything."""
    try:
        return shlex.join(shlex.split(command))
    except ValueError:  # a name with a quotation mark
        return f"# not to be pasted: {command}"
