"""What speaks against a migration, found before anything changes.

Each finding has a stable code; docs/findings.md has a section for each.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from bridgekit.migration.intent import Intent
from bridgekit.model.addresses import IPV4
from bridgekit.model.links import BridgeOptions, Link
from bridgekit.model.route_text import route_text
from bridgekit.model.routes import KERNEL_MADE, head
from bridgekit.model.snapshot import Snapshot

LAYER_3_KINDS = ("tun", "wireguard", "sit", "gre", "ipip", "ip6tnl", "vti", "xfrm", "ppp")
LINK_SCOPE = 253
STABLE_SECRET = 2  # IN6_ADDR_GEN_MODE_STABLE_PRIVACY, made from the sysctl stable_secret
EXCLUSIVE_CHILDREN = ("macvlan", "macvtap", "ipvlan", "ipvtap")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen and what to do about it; "refuse" stops the migration."""

    level: Literal["refuse", "warn", "note"]
    code: str
    message: str
    advice: str = ""


def already_done(snapshot: Snapshot, intent: Intent) -> bool:
    """Is the NIC a port of that bridge already, with nothing left on it to move?"""
    nic = snapshot.link(intent.nic)
    bare = nic is not None and all(a.scope == LINK_SCOPE for a in snapshot.addresses_on(nic.name))
    return nic is not None and nic.controller == intent.bridge and bare


def findings(snapshot: Snapshot, intent: Intent) -> tuple[Finding, ...]:
    """Return everything worth telling, refusals first."""
    check = _to_bridge if intent.direction == "bridge" else _from_bridge
    order = ("refuse", "warn", "note")
    return tuple(sorted(check(snapshot, intent), key=lambda found: order.index(found.level)))


def _to_bridge(snapshot: Snapshot, intent: Intent) -> Iterator[Finding]:
    nic = snapshot.link(intent.nic)
    if nic is None:
        names = ", ".join(link.name for link in snapshot.links)
        message = f"there is no interface {intent.nic} here, only {names}"
        yield Finding("refuse", "no-such-nic", message, "name one of these")
        return
    yield from _unsuitable(nic)
    if nic.addrgenmode == STABLE_SECRET:
        message = f"{nic.name} makes its link-local address from a secret of its own"
        advice = f"ip link set {nic.name} addrgenmode none keeps the address it has"
        yield Finding("refuse", "stable-secret", message, advice)
    yield from _taken_bridge(snapshot, intent)
    yield from _owners(snapshot, nic)
    yield from _children(snapshot, nic)
    bridge = snapshot.link(intent.bridge)
    options = bridge.bridge if bridge and bridge.bridge else intent.wishes.made()
    if options.stp:
        seconds = 2 * options.forward_delay / 100
        message = f"with STP on, {intent.nic} passes nothing for {seconds:g} s after the move"
        yield Finding("warn", "stp-on", message, "leave STP off unless the wire has loops")
    if nic.up and not nic.carrier:
        message = f"{nic.name} has no carrier: nothing can be proven over its wire"
        yield Finding("warn", "no-carrier", message, "check the cable")


def _unsuitable(nic: Link) -> Iterator[Finding]:
    def refuse(code: str, message: str, advice: str) -> Finding:
        return Finding("refuse", code, f"{nic.name} {message}", advice)

    if nic.loopback:
        yield refuse("loopback", "is the loopback interface", "name the NIC that has the wire")
    elif nic.kind in LAYER_3_KINDS or not nic.mac:
        kind = nic.kind or "layer 3 link"
        yield refuse("not-ethernet", f"is a {kind}: it carries no Ethernet frames", "name a NIC")
    elif nic.kind == "bridge":
        yield refuse("is-bridge", "is a bridge itself", "it needs no other; name one of its ports")
    if nic.wireless:
        advice = "a station's frames must carry its own MAC address; use a wired NIC"
        yield refuse("wireless", "is a Wi-Fi interface, which cannot be a bridge port", advice)
    if nic.controller:
        advice = "name that controller instead, or take the NIC out of it first"
        yield refuse("has-controller", f"is a port of {nic.controller} already", advice)
    elif not nic.up:
        yield refuse("nic-down", "is down", f"ip link set {nic.name} up, and try again")


def _taken_bridge(snapshot: Snapshot, intent: Intent) -> Iterator[Finding]:
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


def _owners(snapshot: Snapshot, nic: Link) -> Iterator[Finding]:
    for owner in snapshot.owners:
        message = f"{owner.program} looks after {nic.name} ({owner.evidence}) and would undo this"
        advice = f"stop it or tell it to leave {nic.name} alone, and configure the NIC statically"
        yield Finding("refuse", f"owned-by-{owner.program.lower()}", message, advice)
    if not snapshot.owners:
        for address in snapshot.addresses_on(nic.name):
            if address.family == IPV4 and address.dynamic:
                message = f"{address.ip} has a lifetime, so some DHCP client renews it"
                advice = "give the NIC a static address first"
                yield Finding("refuse", "address-with-lifetime", message, advice)


def _children(snapshot: Snapshot, nic: Link) -> Iterator[Finding]:
    for link in snapshot.links:
        if link.lower != nic.name:
            continue
        if link.kind in EXCLUSIVE_CHILDREN:
            message = f"{link.name} is a {link.kind} on {nic.name}, which then cannot be a port"
            advice = f"delete {link.name}, or connect its user to the bridge instead"
            yield Finding("refuse", "exclusive-child", message, advice)
        elif link.kind != "vlan":
            message = f"{link.name}, a {link.kind or 'link'}, goes on sending through {nic.name}"
            advice = "see whether it should lean on the bridge instead"
            yield Finding("warn", "leaning-link", message, advice)
        else:
            message = f"{link.name} goes on taking its frames from {nic.name} before the bridge"
            yield Finding("warn", "vlan-child", message, "move the VLAN to the bridge if it should")


def _from_bridge(snapshot: Snapshot, intent: Intent) -> Iterator[Finding]:
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
