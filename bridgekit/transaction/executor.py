"""Execute a plan: operations, then verification.

The order is the promise: every step is in the journal before it is made; success is a fresh
reading of the machine; files are replaced only after that (commit.py); anything else is rolled
back (rollback.py).
"""

import time
from collections.abc import Iterable

from bridgekit.errors import BridgekitError
from bridgekit.planning.diff import differences
from bridgekit.planning.difference import Difference
from bridgekit.planning.intent import Intent
from bridgekit.state.network_state import NetworkState
from bridgekit.system.progress import Report
from bridgekit.transaction import probes
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.machine import Machine
from bridgekit.transaction.record import Record


def execute_plan(machine: Machine, journal: Journal, record: Record, report: Report) -> None:
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
    report(f"{len(operations)} operations done in {spent:.0f} ms; looking at the result")
    differing = verify(machine, record.target, intent)
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


def verify(machine: Machine, expected: NetworkState, intent: Intent) -> tuple[Difference, ...]:
    """Read the machine anew; return how it differs from the expected state."""
    links = intent.links
    return differences(expected, machine.snapshot(*links), links)


def bulleted(found: Iterable[Difference]) -> list[str]:
    """Return an indented line for each."""
    return [f"  {difference}" for difference in found]
