"""Make a plan happen: operations, verification, files.

The order is the promise: every step is in the journal before it is taken; success is a fresh
look at the machine; files are replaced only after that; anything else is undone (undo.py).
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol

from bridgekit.errors import BridgekitError
from bridgekit.host.ifupdown import detect, validate
from bridgekit.planning.diff import differences
from bridgekit.planning.difference import Difference
from bridgekit.planning.intent import Intent
from bridgekit.planning.operations import Operation
from bridgekit.planning.plan import FileChange, Plan, new_contents
from bridgekit.planning.target_state import target_state
from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState
from bridgekit.system import atomic_file, namespaces
from bridgekit.transaction import probes
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.record import Record


class Machine(Protocol):
    """What a transaction needs of the machine; `bridgekit.host.machine` is the real one."""

    def snapshot(self, *links: str) -> NetworkState: ...

    def links(self) -> tuple[Link, ...]: ...

    def ingress_redirect(
        self, operations: Sequence[Operation], rolling_back: bool = False
    ) -> AbstractContextManager[None]: ...

    def execute(self, operation: Operation, rolling_back: bool = False) -> None: ...

    def forwards_frames(self, bridge: str, nic: str) -> bool: ...

    def close_forwarding(self, bridge: str) -> None: ...


def execute_plan(
    machine: Machine, journal: Journal, record: Record, tell: Callable[[str], None]
) -> None:
    """Run the operations, look again, probe; BridgekitError at the first thing that is wrong."""
    operations, intent = record.plan.operations, record.plan.intent
    with machine.ingress_redirect(operations):
        begun = time.monotonic()
        for step, operation in enumerate(operations):
            journal.write(Entry("started", step))
            machine.execute(operation)
        spent = (time.monotonic() - begun) * 1000
    tell(f"{len(operations)} operations done in {spent:.0f} ms; looking at the result")
    differing = verify(machine, goal(record), intent)
    if differing:
        raise BridgekitError("\n".join(["the host is not as expected:", *bulleted(differing)]))
    silent = probes.unanswered(record.probes, intent.link_after)
    if silent:
        raise BridgekitError(f"no answer any more from {', '.join(silent)}")
    if record.service and not machine.forwards_frames(intent.bridge, intent.nic):
        raise BridgekitError(
            f"what machines on {intent.bridge} send does not get out over {intent.nic}: a packet"
            " filter drops it (see `nft list ruleset`, `ebtables -L`, `bridge link`)"
        )
    journal.write(Entry("verified"))


def commit(journal: Journal, record: Record) -> None:
    """Replace the configuration files; each must still be what the plan was made from.

    BridgekitError, too, if the program that will read them would not take them.
    """
    for item in record.plan.files:
        if atomic_file.read(Path(item.path)) != item.before:
            raise BridgekitError(f"{item.path} was changed by someone else meanwhile")
    _validate(record.plan)
    journal.write(Entry("committing"))
    for item in record.plan.files:
        atomic_file.compare_and_swap(
            Path(item.path), item.before, item.after, like=_file_backed_up(item, record)
        )
    conclude(journal, record)


def conclude(journal: Journal, record: Record) -> None:
    """Note that the change is complete, and that what it takes back is taken back."""
    _update_ifstate(record)
    mark_rolled_back(journal, record, "taken-back")
    journal.write(Entry("committed"))


def _validate(plan: Plan) -> None:
    """Files that are put back need no proof: they are what was there."""
    boot, back = plan.ifupdown, plan.intent.direction == "unbridge"
    if boot is None or back or detect.installed() != boot.dialect:
        return
    with contextlib.suppress(validate.UnprovenError):
        refused = validate.refusal(
            boot.dialect, boot.interfaces_file, new_contents(plan.files), plan.intent.bridge
        )
        if refused:
            raise BridgekitError(f"ifup does not take the new {boot.interfaces_file}: {refused}")


def _update_ifstate(record: Record) -> None:
    """What ifupdown knows of the running interfaces is lost at a boot, and then it knows better."""
    boot = record.plan.ifupdown
    here = record.namespace.boot == namespaces.current().boot
    if boot and here and detect.installed() == boot.dialect:
        with contextlib.suppress(OSError):
            validate.note_running(boot.dialect, record.plan.intent.links, boot.running)


def mark_rolled_back(
    journal: Journal, record: Record, event: Literal["taken-back", "committed"]
) -> None:
    """Note in the journal of the transaction that this one takes back whether it still stands."""
    if record.rolls_back:
        other = Journal(journal.folder.parent / record.rolls_back)
        if other.state() != event:
            other.write(Entry(event))


def _file_backed_up(item: FileChange, record: Record) -> Path | None:
    """A backup gets the owner and mode of the file whose content it keeps."""
    found = (other for other in record.plan.files if other.before == item.after)
    return next((Path(other.path) for other in found if other is not item), None)


def goal(record: Record) -> NetworkState:
    """The state that the change leads to."""
    return target_state(record.plan.snapshot, record.plan.intent)


def verify(machine: Machine, wanted: NetworkState, intent: Intent) -> tuple[Difference, ...]:
    """Look again: what of the wanted state is not so?"""
    links = intent.links
    return differences(wanted, machine.snapshot(*links), links)


def bulleted(found: Iterable[Difference]) -> list[str]:
    """A line for each."""
    return [f"  {difference}" for difference in found]
