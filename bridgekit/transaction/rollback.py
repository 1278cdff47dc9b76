"""Roll a change back.

The journal says how far the change came; the machine has the last word: after the rollback it is
read anew and compared with the snapshot.
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
from bridgekit.system import atomic_file
from bridgekit.transaction import probes
from bridgekit.transaction.commit import mark_rolled_back
from bridgekit.transaction.executor import bulleted, verify
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.machine import Machine
from bridgekit.transaction.record import Record

AS_BEFORE = "the host is as before"


class _Remaining(Struct, frozen=True):
    """What still differs from the state before; `foreign` is what another program did meanwhile."""

    differences: tuple[Difference, ...]
    foreign: list[Difference]

    @property
    def ours(self) -> bool:
        return len(self.differences) > len(self.foreign)


def roll_back(machine: Machine, journal: Journal, record: Record, everything: bool = False) -> str:
    """Roll back the operations that were started, or all, and the files.

    Nothing stops it: neither a step that fails nor a journal that cannot be written.

    Returns:
        What the host's state is now, for people.

    Raises:
        RollbackIncompleteError: it lists what differs at the end, with the commands that repair it.
    """
    _try_to_write(journal, Entry("undoing"))
    with contextlib.suppress(BridgekitError, OSError):
        if record.service:
            machine.close_forwarding(record.plan.intent.bridge)
    count = len(record.plan.operations)
    started = _operations_started(machine, record, journal, everything or journal.damaged())
    if started == count:
        _stop_if_renamed(machine, journal, record)
    notes = _lost_with_bridge(machine, journal, record)
    errors = _roll_back_operations(machine, record, started)
    state = _remaining(machine, record)
    if state.ours and started < count:  # the journal may name fewer than were started
        errors += _roll_back_operations(machine, record, count)
        state = _remaining(machine, record)
    failures = _roll_back_files(journal, record)
    if state.ours:
        failures += [*dict.fromkeys(errors), *bulleted(state.differences)]
        failures += _repair_commands(state.differences)
    notes += [f"  not of this change, and left: {one.text}" for one in state.foreign]
    unwritten = _conclude(journal, record, failures, notes)
    return "\n".join([AS_BEFORE + _reachability(record), *notes, *unwritten])


def _operations_started(
    machine: Machine, record: Record, journal: Journal, everything: bool
) -> int:
    """Return how many operations to roll back; none if the host is as it was."""
    if not everything:
        return journal.steps_started()
    links = record.plan.intent.links
    changed = differ(record.plan.snapshot, machine.snapshot(*links), links)
    return len(record.plan.operations) if changed else 0


def _stop_if_renamed(machine: Machine, journal: Journal, record: Record) -> None:
    """Stop if the NIC has another name now: the bridge, which has its addresses, must stay.

    Raises:
        RollbackIncompleteError: with the command that gives the NIC its name again.
    """
    nic, bridge = record.plan.intent.nic, record.plan.intent.bridge
    before, links = record.plan.snapshot.link(nic), machine.links()
    name = next((one.name for one in links if before and one.index == before.index), nic)
    if name != nic and any(link.name == bridge for link in links):
        what = f"  {nic} is called {name} now; {bridge} stays, for it has the host's addresses"
        advice = (
            f"  call it {nic} again (`ip link set {name} name {nic}`), then `bridgekit recover`"
        )
        _conclude(journal, record, [what, advice])


def _lost_with_bridge(machine: Machine, journal: Journal, record: Record) -> list[str]:
    """Return a line for each object of another program that goes with the bridge."""
    intent = record.plan.intent
    if record.plan.snapshot.link(intent.bridge) or not journal.verified():
        return []
    found = verify(machine, record.target, intent)
    added = (one.text for one in found if one.what == "unexpected")
    bridge = re.compile(rf"\b{re.escape(intent.bridge)}\b")
    return [f"  gone with {intent.bridge}: {text}" for text in added if bridge.search(text)]


def roll_back_files(journal: Journal, record: Record) -> str:
    """Roll back after a reboot: only files can be half-done, the kernel has forgotten the rest."""
    _try_to_write(journal, Entry("undoing"))
    unwritten = _conclude(journal, record, _roll_back_files(journal, record))
    return "\n".join([AS_BEFORE, *unwritten])


def roll_back_after(
    machine: Machine, journal: Journal, record: Record, cause: object
) -> RolledBackError:
    """Roll back, and return the error that says why and what the host's state is now."""
    try:
        how = roll_back(machine, journal, record)
    except RollbackIncompleteError as error:
        raise RollbackIncompleteError(f"{cause}\n{error}") from error
    return RolledBackError(f"{cause}\neverything was rolled back: {how}")


def _conclude(
    journal: Journal, record: Record, failures: list[str], notes: Iterable[str] = ()
) -> list[str]:
    """Write to the journal how the rollback ended; return what could not be written.

    Raises:
        RollbackIncompleteError: there were failures.
    """
    if failures:
        text = "\n".join(failures)
        unwritten = _try_to_write(journal, Entry("incomplete", text=text))
        raise RollbackIncompleteError("\n".join(["rolled back, but:", text, *unwritten]))
    with contextlib.suppress(OSError, BridgekitError):
        mark_rolled_back(journal, record, "committed")
    return _try_to_write(journal, Entry("rolled-back", text="\n".join(notes)))


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
    changed = differences(record.plan.snapshot, record.target, intent.links)
    subjects = {one.subject or one.text for one in changed}
    added = (one for one in found if _is_addition(one))
    foreign = [one for one in added if (one.subject or one.text) not in subjects]
    return _Remaining(found, foreign)


def _is_addition(one: Difference) -> bool:
    """Return whether something was added, and nothing is missing."""
    return one.what == "unexpected" or bool(one.subject)


def _roll_back_operations(machine: Machine, record: Record, count: int) -> list[str]:
    operations = inverted(record.plan.operations[:count])
    with machine.ingress_redirect(operations, rolling_back=True):
        return [trouble for one in operations for trouble in _roll_back_operation(machine, one)]


def _roll_back_operation(machine: Machine, operation: Operation) -> Iterator[str]:
    try:
        machine.execute(operation, rolling_back=True)
    except Exception as error:  # whatever it is, the other steps must still be rolled back
        first, *more = operation.describe()
        words = f"{first}{' …' if more else ''}"
        yield f"  could not do: {words}: {error}"


def _roll_back_files(journal: Journal, record: Record) -> list[str]:
    """Restore each file that is the new one; return what failed or belongs to another program."""
    started, failures = journal.commit_started(), []
    for item in record.plan.files:
        try:
            aside = atomic_file.remove_leftovers(Path(item.path), item.before, item.after)
            if aside:
                failures.append(f"  {aside} is what someone else wrote to {item.path} meanwhile")
            content = atomic_file.read(Path(item.path))
            if content == item.after:
                atomic_file.compare_and_swap(Path(item.path), item.after, item.before)
            elif content != item.before and started:
                failures.append(f"  {item.path} was changed by someone else, and is left so")
        except BridgekitError as error:
            failures += [f"  {error}"] if started else []
    return failures


def _reachability(record: Record) -> str:
    """Return whether the host is as reachable as before, in words; nothing without probes."""
    if not record.probes:
        return ""
    silent = probes.unanswered(record.probes, record.plan.intent.link_before)
    if silent:
        return f", but {', '.join(silent)} answered before and does not now"
    return ", and as reachable as before"


def _repair_commands(differences: Iterable[Difference]) -> list[str]:
    commands = [f"  {_quoted(one)}" for difference in differences for one in difference.repair]
    return ["to repair it by hand:", *commands] if commands else []


def _quoted(command: str) -> str:
    """Return the command with its words quoted for a shell: a link's name can hold anything."""
    try:
        return shlex.join(shlex.split(command))
    except ValueError:  # a name with a quotation mark
        return f"# not to be pasted: {command}"
