"""Compare the machine with the state that is expected."""

from collections.abc import Iterable

from bridgekit.planning.diff import differences
from bridgekit.planning.difference import Difference
from bridgekit.planning.intent import Intent
from bridgekit.state.network_state import NetworkState
from bridgekit.transaction.machine import Machine


def verify(machine: Machine, expected: NetworkState, intent: Intent) -> tuple[Difference, ...]:
    """Read the machine anew; return how it differs from the expected state."""
    links = intent.links
    return differences(expected, machine.snapshot(*links), links)


def bulleted(found: Iterable[Difference]) -> list[str]:
    """Return an indented line for each."""
    return [f"  {difference}" for difference in found]
