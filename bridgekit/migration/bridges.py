"""What speaks against taking a bridge that is there, or against taking one away."""

from collections.abc import Iterator
from dataclasses import fields

from bridgekit.migration.finding import Finding
from bridgekit.migration.intent import Intent
from bridgekit.model.addresses import LINK_SCOPE
from bridgekit.model.links import BridgeOptions, Link
from bridgekit.model.route_text import route_text
from bridgekit.model.routes import KERNEL_MADE, head
from bridgekit.model.snapshot import Snapshot


def there_already(snapshot: Snapshot, intent: Intent) -> Iterator[Finding]:
    """A bridge that is there is taken as it is, if nothing of its own would mix with the NIC's."""
    bridge = snapshot.called(intent.bridge)
    if bridge is None:
        return
    if bridge.bridge is None or bridge.name != intent.bridge:
        message = f"{bridge.name} is there already, and is no bridge called {intent.bridge}"
        yield Finding("refuse", "not-a-bridge", message, "choose another name with --bridge")
        return
    owned = _owned(snapshot, bridge.name)
    if owned:
        message = f"{bridge.name} has a state of its own: {'; '.join(owned[:3])}"
        advice = "remove it from the bridge, or choose another bridge"
        yield Finding("refuse", "bridge-in-use", message, advice)
    yield from _differing(bridge.bridge, intent)
    if bridge.bridge.vlan_filtering and not bridge.bridge.default_pvid:
        message = f"{bridge.name} knows VLANs and has none for untagged frames: none would pass"
        advice = f"ip link set {bridge.name} type bridge vlan_default_pvid 1"
        yield Finding("refuse", "no-default-vlan", message, advice)
    nic = snapshot.link(intent.nic)
    mac = intent.wishes.mac or (nic.mac if nic else "")
    ports = ", ".join(port.name for port in snapshot.ports(bridge.name)) or "none"
    message = f"{bridge.name} is there already and is taken as it is (its ports: {ports})"
    change = f"; its MAC address {bridge.mac} becomes {mac}" if bridge.mac != mac else ""
    yield Finding("note", "bridge-joined", message + change)


def _owned(snapshot: Snapshot, bridge: str) -> list[str]:
    """What a bridge has beside what every link has by itself, in words."""
    routes = snapshot.routes.naming(bridge)
    texts = (route_text(m, routes.name) for m in routes.messages if head(m).protocol != KERNEL_MADE)
    return [
        *(f"address {a}" for a in snapshot.addresses_on(bridge) if a.scope != LINK_SCOPE),
        *(f"route {text}" for text in texts),
        *(f"rule {rule}" for rule in snapshot.rules if rule.names(bridge)),
        *(f"nexthop {hop}" for hop in snapshot.nexthops if hop.link == bridge),
        *(f"neighbour {entry}" for entry in snapshot.neighbours_on(bridge) if entry.lasting),
    ]


def _differing(there: BridgeOptions, intent: Intent) -> Iterator[Finding]:
    wanted = intent.wishes.granted(there)
    for field in fields(BridgeOptions):
        now, wish = getattr(there, field.name), getattr(wanted, field.name)
        if now != wish:
            message = f"{intent.bridge} is there with {field.name} {now}, and {wish} is asked for"
            advice = "leave that option away, or change the bridge first"
            yield Finding("refuse", "bridge-differs", message, advice)


def going(snapshot: Snapshot, intent: Intent) -> Iterator[Finding]:
    """The way back: everything of the bridge goes to its port."""
    bridge, nic = snapshot.link(intent.bridge), snapshot.link(intent.nic)
    if bridge is None or bridge.kind != "bridge" or nic is None or nic.controller != bridge.name:
        message = f"{intent.nic} is no longer a port of a bridge {intent.bridge}"
        yield Finding("refuse", "not-a-port", message, "nothing of this can be taken back")
        return
    if intent.left.link(bridge.name) is None:
        yield from _lost_with(snapshot, bridge, nic)
    for address in snapshot.addresses_on(nic.name):
        if address.scope != LINK_SCOPE:
            message = f"{nic.name} has got the address {address.ip} meanwhile"
            yield Finding("refuse", "address-joined", message, "remove it first")
    if bridge.mac != nic.mac:
        message = f"peers know the MAC address {bridge.mac}, and {nic.name} has {nic.mac}"
        advice = "some may need a minute until they ask again"
        yield Finding("warn", "mac-changes", message, advice)


def _lost_with(snapshot: Snapshot, bridge: Link, nic: Link) -> Iterator[Finding]:
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
