"""Roll a change back.

The journal says how far the change came; the machine has the last word: after the rollback it is
read anew and compared with the snapshot.
"""

import contextlib
import re
from pathlib import Path

from msgspec import Struct

from bridgekit.errors import BridgekitError
from bridgekit.planning.diff import differ, differences
from bridgekit.planning.difference import Difference
from bridgekit.planning.operations import SetUp, inverted
from bridgekit.state.link import Link
from bridgekit.system import atomic_file
from bridgekit.transaction import commit, probes
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.machine import Machine
from bridgekit.transaction.record import Record
from bridgekit.transaction.repair import commands as repair_commands
from bridgekit.transaction.repair import repair, roll_back_operation
from bridgekit.transaction.verify import bulleted, verify

AS_BEFORE = "the host is as before"


class _Remaining(Struct, frozen=True):
    """What still differs from the state before; `foreign` is what another program did meanwhile."""

    differences: tuple[Difference, ...]
    foreign: list[Difference]

    @property
    def ours(self) -> bool:
        return len(self.differences) > len(self.foreign)

    @property
    def to_repair(self) -> list[Difference]:
        """What is not of another program."""
        return [one for one in self.differences if one not in self.foreign]


class Restored(Struct, frozen=True):
    """What a rollback came to: what it could not restore, and what people should know."""

    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: "Restored") -> "Restored":
        """Return both."""
        return Restored(self.failures + other.failures, self.notes + other.notes)

    @property
    def text(self) -> str:
        """Return the failures if there are any, else the notes."""
        return "\n".join(self.failures or self.notes)


def restore_kernel(
    machine: Machine, journal: Journal, record: Record, everything: bool = False
) -> Restored:
    """Roll back the operations that were started, or all.

    Nothing stops it: not a step that fails. Failures are what differs at the end, with the
    commands that repair it.
    """
    with contextlib.suppress(BridgekitError, OSError):
        if record.service:
            machine.close_forwarding(record.plan.intent.bridge)
    try:
        return _restore_kernel(machine, journal, record, everything or journal.damaged())
    except Exception as error:  # whatever it is, the files must still be restored
        return Restored((f"  {error}",))


def _restore_kernel(
    machine: Machine, journal: Journal, record: Record, everything: bool
) -> Restored:
    count = len(record.plan.operations)
    started = _operations_started(machine, record, journal, everything)
    renamed = _renamed(machine, record) if started == count else []
    if renamed:
        return Restored(tuple(renamed))
    notes = list[str]()
    with contextlib.suppress(Exception):  # a note is no condition
        notes = _lost_with_bridge(machine, journal, record)
    errors = _roll_back_operations(machine, record, started)
    state = _remaining(machine, record)
    if state.ours and started < count:  # the journal may name fewer than were started
        errors += _roll_back_operations(machine, record, count)
        state = _remaining(machine, record)
    if state.ours:
        done, more = repair(machine, state.to_repair, record.plan.intent.links)
        errors += more
        notes += [f"  repaired at last: {', '.join(done)}"] if done else []
        state = _remaining(machine, record)
    failures: list[str] = []
    if state.ours:
        failures += [*dict.fromkeys(errors), *bulleted(state.differences)]
        failures += repair_commands(state.to_repair)
    notes += [f"  not of this change, and left: {one.text}" for one in state.foreign]
    return Restored(tuple(failures), (AS_BEFORE + _reachability(record), *notes))


def _operations_started(
    machine: Machine, record: Record, journal: Journal, everything: bool
) -> int:
    """Return how many operations to roll back; none if the host is as it was."""
    if not everything:
        return journal.steps_started()
    links, changed = record.plan.intent.links, True
    with contextlib.suppress(Exception):  # where it cannot be told, everything
        changed = differ(record.plan.snapshot, machine.snapshot(*links), links)
    return len(record.plan.operations) if changed else 0


def _renamed(machine: Machine, record: Record) -> list[str]:
    """Return what to do if the NIC has another name now: the bridge stays."""
    nic, bridge = record.plan.intent.nic, record.plan.intent.bridge
    before, links = record.plan.snapshot.link(nic), tuple[Link, ...]()
    with contextlib.suppress(Exception):  # a rollback goes on where it cannot be told
        links = machine.links()
    name = next((one.name for one in links if before and one.index == before.index), nic)
    if name == nic or not any(link.name == bridge for link in links):
        return []
    return [
        f"  {nic} is called {name} now; {bridge} stays, for it has the host's addresses",
        f"  call it {nic} again (`ip link set {name} name {nic}`), then `bridgekit recover`",
    ]


def _lost_with_bridge(machine: Machine, journal: Journal, record: Record) -> list[str]:
    """Return a line for each object of another program that goes with the bridge."""
    intent = record.plan.intent
    if record.plan.snapshot.link(intent.bridge) or not journal.verified():
        return []
    found = verify(machine, record.target, intent)
    added = (one.text for one in found if one.what == "unexpected")
    bridge = re.compile(rf"\b{re.escape(intent.bridge)}\b")
    return [f"  gone with {intent.bridge}: {text}" for text in added if bridge.search(text)]


def restore_files(journal: Journal, record: Record) -> Restored:
    """Restore the files, what ifupdown believes, and the journal of what this one rolls back.

    After a reboot nothing else can be half-done: the kernel has forgotten the rest.
    """
    failures = _roll_back_files(journal, record)
    commit.restore_ifstate(journal, record)
    with contextlib.suppress(OSError, BridgekitError):
        commit.mark_rolled_back(journal, record, "committed")
    return Restored(tuple(failures))


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
    """Return whether something was added or changed, and nothing is missing.

    With a link that was set down much is missing, whoever did it.
    """
    set_down = any(isinstance(repair, SetUp) and repair.up for repair in one.operations)
    return one.what == "unexpected" or (bool(one.subject) and not set_down)


def _roll_back_operations(machine: Machine, record: Record, count: int) -> list[str]:
    operations = inverted(record.plan.operations[:count])
    with machine.ingress_redirect(operations, rolling_back=True):
        return [trouble for one in operations for trouble in roll_back_operation(machine, one)]


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
