"""What speaks against taking a bridge that is there, or against taking one away."""

from collections.abc import Iterator

from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.state.link import BridgeOptions, Link
from bridgekit.state.mac import with_vendor
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.message import is_link_local, is_link_multicast

VIRTUAL = ("tun", "veth")


def check_existing(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """A bridge that is there is taken as it is, if nothing of its own would mix with the NIC's."""
    bridge, nic = snapshot.called(intent.bridge), snapshot.link(intent.nic)
    if bridge is None or nic is None:
        return
    if bridge.bridge is None or bridge.name != intent.bridge:
        message = f"{bridge.name} is there already, and is no bridge called {intent.bridge}"
        yield Finding("refuse", "not-a-bridge", message, "choose another name with --bridge")
        return
    owned = _owned(snapshot, bridge, intent.nic)
    if owned:
        message = f"{bridge.name} has a state of its own: {'; '.join(owned[:3])}"
        advice = "remove it from the bridge, or choose another bridge"
        yield Finding("refuse", "bridge-in-use", message, advice)
    yield from check_options(bridge, intent)
    if bridge.bridge.vlan_filtering and not bridge.bridge.default_pvid:
        message = f"{bridge.name} knows VLANs and has none for untagged frames: none would pass"
        advice = f"ip link set {bridge.name} type bridge vlan_default_pvid 1"
        yield Finding("refuse", "no-default-vlan", message, advice)
    yield from _joined(snapshot.ports(bridge.name), bridge, nic, intent.spec.mac or nic.mac)


def _joined(ports: tuple[Link, ...], bridge: Link, nic: Link, mac: str) -> Iterator[Finding]:
    names = ", ".join(port.name for port in ports) or "none"
    message = f"{bridge.name} is there already and is taken as it is (its ports: {names})"
    if bridge.mac != mac:
        message += f"; its MAC address {with_vendor(bridge.mac)} becomes {with_vendor(mac)}"
    message += f"; its MTU {bridge.mtu} becomes {nic.mtu}" if bridge.mtu != nic.mtu else ""
    yield Finding("note", "bridge-joined", message)
    for port in ports:
        if port.kind not in VIRTUAL and bridge.bridge and not bridge.bridge.stp:
            message = f"{port.name} is a port of {bridge.name} as well, without STP"
            advice = f"if {port.name} and {nic.name} lead to one network, frames go round"
            yield Finding("warn", "second-uplink", message, advice)


def _owned(snapshot: NetworkState, bridge: Link, nic: str) -> list[str]:
    """What a bridge has beside what every link has by itself, in words."""
    name, routes = bridge.name, snapshot.routes.on_link(bridge.name)
    own = (m for m in routes.samples() if not (is_link_multicast(m) or is_link_local(m)))
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
    """Which options of a bridge that is there are other than those asked for."""
    there = bridge.bridge or BridgeOptions()
    wanted = intent.spec.apply_to(there)
    names = there.__struct_fields__
    pairs = ((name, getattr(there, name), getattr(wanted, name)) for name in names)
    for name, now, wish in pairs:
        if now != wish:
            message = f"{intent.bridge} is there with {name} {now}, and {wish} is asked for"
            advice = "leave that option away, or change the bridge first"
            yield Finding("refuse", "bridge-differs", message, advice)


def check_removal(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """The way back: everything of the bridge goes to its port."""
    bridge, nic = snapshot.link(intent.bridge), snapshot.link(intent.nic)
    if bridge is None or bridge.kind != "bridge" or nic is None or nic.controller != bridge.name:
        message = f"{intent.nic} is no longer a port of a bridge {intent.bridge}"
        yield Finding("refuse", "not-a-port", message, "nothing of this can be taken back")
        return
    if intent.preserved.link(bridge.name) is None:
        yield from _lost_with(snapshot, bridge, nic)
    yield from _port_not_ready(snapshot, bridge, nic)
    if bridge.mac != nic.mac:
        old, new = with_vendor(bridge.mac), with_vendor(nic.mac)
        message = f"peers know the MAC address {old}, and {nic.name} has {new}"
        advice = "some may need a minute until they ask again"
        yield Finding("warn", "mac-changes", message, advice)


def _port_not_ready(snapshot: NetworkState, bridge: Link, nic: Link) -> Iterator[Finding]:
    for address in snapshot.addresses_on(nic.name):
        if not address.made_for(nic.mac):
            message = f"{nic.name} has got the address {address.ip} meanwhile"
            yield Finding("refuse", "address-joined", message, "remove it first")
    for link in (link for link in (nic, bridge) if not link.up):
        advice = f"ip link set {link.name} up, and try again"
        yield Finding("refuse", "nic-down", f"{link.name} is down", advice)
    keys = (f"net/ipv6/conf/{link.name}/disable_ipv6" for link in (bridge, nic))
    if tuple(snapshot.sysctl(key) for key in keys) == ("1", "0"):
        message = f"IPv6 was switched off on {bridge.name}, which its port does not know"
        advice = f"sysctl -w net.ipv6.conf.{bridge.name}.disable_ipv6=0, or 1 for {nic.name} too"
        yield Finding("refuse", "ipv6-differs", message, advice)


def _lost_with(snapshot: NetworkState, bridge: Link, nic: Link) -> Iterator[Finding]:
    """What a bridge that goes would take with it."""
    for port in snapshot.ports(bridge.name):
        if port.name != nic.name:
            message = f"{port.name} is another port of {bridge.name}, which would go"
            advice = f"take it off first: ip link set {port.name} nomaster"
            yield Finding("refuse", "port-joined", message, advice)
    for link in snapshot.links:
        if link.lower == bridge.name:
            message = f"{link.name}, a {link.kind}, sits on {bridge.name} and would go with it"
            advice = f"ip link delete {link.name}, or move it elsewhere"
            yield Finding("refuse", "bridge-child", message, advice)
