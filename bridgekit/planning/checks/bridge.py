"""Checks of a bridge that exists before the migration."""

from collections.abc import Iterator

from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.bridge import (
    BRIDGE_DIFFERS,
    BRIDGE_IN_USE,
    BRIDGE_JOINED,
    NO_DEFAULT_VLAN,
    NOT_A_BRIDGE,
    SECOND_UPLINK,
)
from bridgekit.planning.intent import Intent
from bridgekit.state.link import BridgeOptions, Link
from bridgekit.state.mac import with_vendor
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.message import is_link_local, is_link_multicast

VIRTUAL = ("tun", "veth")
SHOWN = 3


def check_bridge(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Yield what an existing bridge of that name means for the migration.

    It keeps its options and ports, if no state of its own would mix with the NIC's.
    """
    bridge = snapshot.link_by_any_name(intent.bridge)
    if bridge is None:
        return
    if bridge.bridge is None or bridge.name != intent.bridge:
        yield NOT_A_BRIDGE.finding(
            f"{bridge.name} exists already, and is no bridge called {intent.bridge}"
        )
        return
    state = _own_state(snapshot, bridge, intent.nic)
    if state:
        text = f"{bridge.name} has a state of its own: {'; '.join(state[:SHOWN])}"
        yield BRIDGE_IN_USE.finding(text)
    yield from check_options(bridge, intent)
    if bridge.bridge.vlan_filtering and not bridge.bridge.default_pvid:
        text = f"{bridge.name} filters VLANs and has none for untagged frames: none would pass"
        yield NO_DEFAULT_VLAN.finding(text, bridge=bridge.name)
    yield _joined(snapshot, bridge, intent)
    yield from _check_uplinks(snapshot.ports(bridge.name), bridge, intent.nic)


def _joined(snapshot: NetworkState, bridge: Link, intent: Intent) -> Finding:
    nic = snapshot.require(intent.nic)
    mac = intent.spec.mac or nic.mac
    names = ", ".join(port.name for port in snapshot.ports(bridge.name)) or "none"
    text = f"{bridge.name} exists already and is kept as it is (its ports: {names})"
    if bridge.mac != mac:
        text += f"; its MAC address {with_vendor(bridge.mac)} becomes {with_vendor(mac)}"
    text += f"; its MTU {bridge.mtu} becomes {nic.mtu}" if bridge.mtu != nic.mtu else ""
    return BRIDGE_JOINED.finding(text)


def _check_uplinks(ports: tuple[Link, ...], bridge: Link, nic: str) -> Iterator[Finding]:
    for port in ports:
        if port.kind not in VIRTUAL and bridge.bridge and not bridge.bridge.stp:
            text = f"{port.name} is a port of {bridge.name} as well, without STP"
            yield SECOND_UPLINK.finding(text, port=port.name, nic=nic)


def _own_state(snapshot: NetworkState, bridge: Link, nic: str) -> list[str]:
    """Return in words what a bridge has beside what every link has by itself."""
    name, routes = bridge.name, snapshot.routes.on_link(bridge.name)
    own = (m for m in routes.representatives() if not (is_link_multicast(m) or is_link_local(m)))
    macs = (
        entry for entry in snapshot.static_macs_on(name) if entry.on(nic) in snapshot.static_macs
    )
    return [
        *(f"address {a}" for a in snapshot.addresses_on(name) if not a.made_for(bridge.mac)),
        *(f"route {format_route(message, routes.name)}" for message in own),
        *(f"rule {rule}" for rule in snapshot.rules if rule.names(name)),
        *(f"nexthop {hop}" for hop in snapshot.nexthops if hop.link == name),
        *(f"neighbour {entry}" for entry in snapshot.neighbours_on(name) if entry.lasting),
        *(f"MAC address {entry}, as {nic} has too" for entry in macs),
    ]


def check_options(bridge: Link, intent: Intent) -> Iterator[Finding]:
    """Refuse each option that was asked for and that an existing bridge has another value of."""
    current = bridge.bridge or BridgeOptions()
    wanted = intent.spec.apply_to(current)
    for name in BridgeOptions.__struct_fields__:
        old, new = getattr(current, name), getattr(wanted, name)
        if old != new:
            yield BRIDGE_DIFFERS.finding(
                f"{intent.bridge} exists with {name} {old}, and {new} is asked for"
            )
