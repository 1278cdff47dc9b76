"""What speaks against a migration, found before anything changes.

Each finding has a stable code; docs/findings.md has a section for each.
"""

from collections.abc import Iterator

from bridgekit.planning.checks.bridge import check_existing, check_removal
from bridgekit.planning.checks.dependencies import check_dependencies
from bridgekit.planning.checks.fidelity import check_fidelity
from bridgekit.planning.checks.managers import check_managers
from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState

BONDS = ("bond", "team")
STABLE_SECRET = 2  # IN6_ADDR_GEN_MODE_STABLE_PRIVACY, made from the sysctl stable_secret
EXCLUSIVE_CHILDREN = ("macvlan", "macvtap", "ipvlan", "ipvtap")


def already_done(snapshot: NetworkState, intent: Intent) -> bool:
    """Is the NIC a port of that bridge already, with nothing left on it to move?"""
    nic = snapshot.link(intent.nic)
    if nic is None or nic.controller != intent.bridge:
        return False
    return all(address.made_for(nic.mac) for address in snapshot.addresses_on(nic.name))


def check_intent(snapshot: NetworkState, intent: Intent) -> tuple[Finding, ...]:
    """Return everything worth telling, refusals first."""
    check = _to_bridge if intent.direction == "bridge" else check_removal
    order = ("refuse", "warn", "note")
    return tuple(sorted(check(snapshot, intent), key=lambda found: order.index(found.level)))


def _to_bridge(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    nic = snapshot.link(intent.nic)
    if nic is None:
        names = ", ".join(link.name for link in snapshot.links)
        message = f"there is no interface {intent.nic} here, only {names}"
        yield Finding("refuse", "no-such-nic", message, "name one of these")
        return
    yield from _unsuitable(nic)
    yield from _controlled(snapshot, nic)
    for link in (nic, snapshot.link(intent.bridge)):
        if link and link.mac and not link.arp:
            message = f"{link.name} does without ARP, and what stands in for it cannot move"
            yield Finding("warn", "arp-off", message, f"ip link set {link.name} arp on")
    if nic.addrgenmode == STABLE_SECRET:
        message = f"{nic.name} makes its link-local address from a secret of its own"
        advice = f"ip link set {nic.name} addrgenmode none keeps the address it has"
        yield Finding("refuse", "stable-secret", message, advice)
    yield from check_fidelity(snapshot, intent)
    yield from check_existing(snapshot, intent)
    yield from check_managers(snapshot, nic, intent)
    yield from check_dependencies(snapshot, intent)
    yield from _children(snapshot, nic)
    bridge = snapshot.link(intent.bridge)
    options = bridge.bridge if bridge and bridge.bridge else intent.spec.for_new_bridge()
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
    elif not nic.mac:
        kind = nic.kind or "layer 3 link"
        yield refuse("not-ethernet", f"is a {kind}: it carries no Ethernet frames", "name a NIC")
    elif nic.kind == "bridge":
        yield refuse("is-bridge", "is a bridge itself", "it needs no other; name one of its ports")
    if nic.wireless:
        advice = "a station's frames must carry its own MAC address; use a wired NIC"
        yield refuse("wireless", "is a Wi-Fi station, which cannot be a bridge port", advice)
    if not nic.controller and not nic.up:
        yield refuse("nic-down", "is down", f"ip link set {nic.name} up, and try again")


def _controlled(snapshot: NetworkState, nic: Link) -> Iterator[Finding]:
    controller = snapshot.link(nic.controller) if nic.controller else None
    if controller and controller.kind in BONDS:
        message = f"{nic.name} is a port of the {controller.kind} {controller.name}"
        advice = f"bridge that itself, which works: name {controller.name} instead"
        yield Finding("refuse", "bond-port", message, advice)
    elif nic.controller:
        message = f"{nic.name} is a port of {nic.controller} already"
        advice = "name that controller instead, or take the NIC out of it first"
        yield Finding("refuse", "has-controller", message, advice)


def _children(snapshot: NetworkState, nic: Link) -> Iterator[Finding]:
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
            advice = f"if its addresses are what should move, name {link.name} instead"
            yield Finding("warn", "vlan-child", message, advice)
