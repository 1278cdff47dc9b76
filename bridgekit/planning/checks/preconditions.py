"""Every check before a migration, in their order.

Each finding has a stable code; docs/findings.md has a section for each.
"""

from collections.abc import Callable, Iterator

from bridgekit.planning.checks.bridge import check_bridge
from bridgekit.planning.checks.dependencies import check_dependencies
from bridgekit.planning.checks.fidelity import check_fidelity
from bridgekit.planning.checks.managers import check_managers
from bridgekit.planning.checks.nic import (
    check_arp,
    check_carrier,
    check_controller,
    check_kind,
    check_stable_secret,
    check_upper_links,
)
from bridgekit.planning.checks.rollback import check_rollback
from bridgekit.planning.checks.stp import check_stp
from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.nic import NO_SUCH_NIC
from bridgekit.planning.intent import Intent
from bridgekit.state.network_state import NetworkState

Check = Callable[[NetworkState, Intent], Iterator[Finding]]

BRIDGE_CHECKS: tuple[Check, ...] = (
    check_kind,
    check_controller,
    check_arp,
    check_stable_secret,
    check_fidelity,
    check_bridge,
    check_managers,
    check_dependencies,
    check_upper_links,
    check_stp,
    check_carrier,
)
"""For a NIC that exists and is to become a port of the bridge."""
LEVELS = ("refuse", "warn", "note")


def already_done(snapshot: NetworkState, intent: Intent) -> bool:
    """Return whether the NIC is a port of that bridge already and has nothing left to move."""
    nic = snapshot.link(intent.nic)
    if nic is None or nic.controller != intent.bridge:
        return False
    return all(address.made_for(nic.mac) for address in snapshot.addresses_on(nic.name))


def check_intent(snapshot: NetworkState, intent: Intent) -> tuple[Finding, ...]:
    """Return the findings of every check, refusals first."""
    check = _check_bridging if intent.direction == "bridge" else check_rollback
    return tuple(sorted(check(snapshot, intent), key=lambda item: LEVELS.index(item.level)))


def _check_bridging(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    if snapshot.link(intent.nic) is None:
        names = ", ".join(link.name for link in snapshot.links)
        yield NO_SUCH_NIC.finding(f"there is no interface {intent.nic} here, only {names}")
        return
    for check in BRIDGE_CHECKS:
        yield from check(snapshot, intent)
