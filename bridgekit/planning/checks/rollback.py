"""Checks of a rollback: everything of the bridge goes to its port."""

from collections.abc import Iterator

from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.nic import NIC_DOWN
from bridgekit.planning.findings.rollback import (
    ADDRESS_JOINED,
    BRIDGE_CHILD,
    IPV6_DIFFERS,
    MAC_CHANGES,
    NOT_A_PORT,
    PORT_JOINED,
)
from bridgekit.planning.intent import Intent
from bridgekit.state.link import Link
from bridgekit.state.mac import with_vendor
from bridgekit.state.network_state import NetworkState


def check_rollback(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Yield what speaks against giving the NIC the bridge's state, refusals and a warning."""
    bridge, nic = snapshot.link(intent.bridge), snapshot.link(intent.nic)
    if bridge is None or bridge.kind != "bridge" or nic is None or nic.controller != bridge.name:
        yield NOT_A_PORT.finding(f"{intent.nic} is no longer a port of a bridge {intent.bridge}")
        return
    if intent.preserved.link(bridge.name) is None:
        yield from _check_deletion(snapshot, bridge, nic)
    yield from _check_port(snapshot, bridge, nic)
    if bridge.mac != nic.mac:
        old, new = with_vendor(bridge.mac), with_vendor(nic.mac)
        yield MAC_CHANGES.finding(f"peers know the MAC address {old}, and {nic.name} has {new}")


def _check_port(snapshot: NetworkState, bridge: Link, nic: Link) -> Iterator[Finding]:
    for address in snapshot.addresses_on(nic.name):
        if not address.made_for(nic.mac):
            yield ADDRESS_JOINED.finding(f"{nic.name} has got the address {address.ip} since")
    for link in (link for link in (nic, bridge) if not link.up):
        yield NIC_DOWN.finding(f"{link.name} is down", link=link.name)
    keys = (f"net/ipv6/conf/{link.name}/disable_ipv6" for link in (bridge, nic))
    if tuple(snapshot.sysctl(key) for key in keys) == ("1", "0"):
        text = f"IPv6 was switched off on {bridge.name} and not on its port {nic.name}"
        yield IPV6_DIFFERS.finding(text, bridge=bridge.name, nic=nic.name)


def _check_deletion(snapshot: NetworkState, bridge: Link, nic: Link) -> Iterator[Finding]:
    """Refuse what would lose its bridge, or be deleted with it."""
    for port in snapshot.ports(bridge.name):
        if port.name != nic.name:
            text = f"{port.name} is another port of {bridge.name}, which would go"
            yield PORT_JOINED.finding(text, port=port.name)
    for link in snapshot.links:
        if link.lower == bridge.name:
            text = f"{link.name}, a {link.kind}, sits on {bridge.name} and would go with it"
            yield BRIDGE_CHILD.finding(text, child=link.name)
