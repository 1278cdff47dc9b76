"""Execute a plan: operations, verification, files.

The order is the promise: every step is in the journal before it is made; success is a fresh
reading of the machine; files are replaced only after that; anything else is rolled back
(rollback.py).
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from bridgekit.errors import BridgekitError
from bridgekit.host.ifupdown import detect, ifstate, validate
from bridgekit.planning.diff import differences
from bridgekit.planning.difference import Difference
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange, Plan, new_contents
from bridgekit.planning.target_state import target_state
from bridgekit.state.network_state import NetworkState
from bridgekit.system import atomic_file, namespaces
from bridgekit.transaction import probes
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.machine import Machine
from bridgekit.transaction.record import Record


def execute_plan(
    machine: Machine, journal: Journal, record: Record, tell: Callable[[str], None]
) -> None:
    """Run the operations, verify the result, and probe.

    Raises:
        BridgekitError: an operation, the verification or a probe failed; nothing is rolled back.
    """
    operations, intent = record.plan.operations, record.plan.intent
    with machine.ingress_redirect(operations):
        started = time.monotonic()
        for step, operation in enumerate(operations):
            journal.write(Entry("started", step))
            machine.execute(operation)
        spent = (time.monotonic() - started) * 1000
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
    """Replace the configuration files and conclude the change.

    Raises:
        BridgekitError: a file is not what the plan was made from, or the program that reads it at
            boot refuses the new one.
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
    """Write to the journals that the change is complete, and that what it rolls back is so."""
    _update_ifstate(record)
    mark_rolled_back(journal, record, "taken-back")
    journal.write(Entry("committed"))


def _validate(plan: Plan) -> None:
    """Let the program that reads the files at boot read them; a rollback restores what it read."""
    boot, rollback = plan.ifupdown, plan.intent.direction == "unbridge"
    if boot is None or rollback or detect.installed() != boot.dialect:
        return
    with contextlib.suppress(validate.UnprovenError):
        refused = validate.refusal(
            boot.dialect, boot.interfaces_file, new_contents(plan.files), plan.intent.bridge
        )
        if refused:
            raise BridgekitError(f"ifup does not take the new {boot.interfaces_file}: {refused}")


def _update_ifstate(record: Record) -> None:
    """Tell ifupdown which interfaces are up now; after a boot it knows better by itself."""
    boot = record.plan.ifupdown
    here = record.namespace.boot == namespaces.current().boot
    if boot and here and detect.installed() == boot.dialect:
        with contextlib.suppress(OSError):
            ifstate.record_running(boot.dialect, record.plan.intent.links, boot.running)


def mark_rolled_back(
    journal: Journal, record: Record, event: Literal["taken-back", "committed"]
) -> None:
    """Write to the journal of the transaction that this one rolls back whether it still stands."""
    if record.rolls_back:
        other = Journal(journal.folder.parent / record.rolls_back)
        if other.state() != event:
            other.write(Entry(event))


def _file_backed_up(item: FileChange, record: Record) -> Path | None:
    """Return the file whose content this backup keeps: it gives the backup its owner and mode."""
    same = (other for other in record.plan.files if other.before == item.after)
    return next((Path(other.path) for other in same if other is not item), None)


def goal(record: Record) -> NetworkState:
    """Return the state that the change leads to."""
    return target_state(record.plan.snapshot, record.plan.intent)


def verify(machine: Machine, expected: NetworkState, intent: Intent) -> tuple[Difference, ...]:
    """Read the machine anew; return how it differs from the expected state."""
    links = intent.links
    return differences(expected, machine.snapshot(*links), links)


def bulleted(found: Iterable[Difference]) -> list[str]:
    """Return an indented line for each."""
    return [f"  {difference}" for difference in found]
