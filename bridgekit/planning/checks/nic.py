"""Checks of the NIC: whether the kernel lets it be a bridge port, and what it means for it."""

from collections.abc import Iterator

from bridgekit.planning.findings import Finding, FindingType
from bridgekit.planning.findings import nic as kinds
from bridgekit.planning.intent import Intent
from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState

BONDS = ("bond", "team")
STABLE_SECRET = 2  # IN6_ADDR_GEN_MODE_STABLE_PRIVACY, made from the sysctl stable_secret
EXCLUSIVE_CHILDREN = ("macvlan", "macvtap", "ipvlan", "ipvtap")
"""Their lower link has an rx_handler already, so it cannot become a bridge port."""


def check_kind(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Refuse a NIC that cannot be a bridge port, or that is down."""
    nic = snapshot.require(intent.nic)

    def finding(kind: FindingType, text: str) -> Finding:
        return kind.finding(f"{nic.name} {text}", link=nic.name)

    if nic.loopback:
        yield finding(kinds.LOOPBACK, "is the loopback interface")
    elif not nic.mac:
        link = nic.kind or "layer 3 link"
        yield finding(kinds.NOT_ETHERNET, f"is a {link}: it carries no Ethernet frames")
    elif nic.kind == "bridge":
        yield finding(kinds.IS_BRIDGE, "is a bridge itself")
    if nic.wireless:
        yield finding(kinds.WIRELESS, "is a Wi-Fi station, which cannot be a bridge port")
    if not nic.controller and not nic.up:
        yield finding(kinds.NIC_DOWN, "is down")


def check_controller(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Refuse a NIC that is a port of a bond, a bridge or a VRF."""
    nic = snapshot.require(intent.nic)
    controller = snapshot.link(nic.controller) if nic.controller else None
    if controller and controller.kind in BONDS:
        text = f"{nic.name} is a port of the {controller.kind} {controller.name}"
        yield kinds.BOND_PORT.finding(text, controller=controller.name)
    elif nic.controller:
        yield kinds.HAS_CONTROLLER.finding(f"{nic.name} is a port of {nic.controller} already")


def check_arp(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Warn of a NIC or a bridge with NOARP."""
    for link in (snapshot.link(intent.nic), snapshot.link(intent.bridge)):
        if link and link.mac and not link.arp:
            text = f"{link.name} has ARP switched off, and what is used instead cannot move"
            yield kinds.ARP_OFF.finding(text, link=link.name)


def check_stable_secret(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Refuse a NIC whose link-local address comes from its stable_secret."""
    nic = snapshot.require(intent.nic)
    if nic.addrgenmode == STABLE_SECRET:
        text = f"{nic.name} makes its link-local address from a secret of its own"
        yield kinds.STABLE_SECRET.finding(text, nic=nic.name)


def check_upper_links(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Yield a finding for each VLAN, macvlan, tunnel or the like on the NIC."""
    nic = snapshot.require(intent.nic)
    for link in snapshot.links:
        if link.lower == nic.name:
            yield _upper_link(link, nic)


def _upper_link(link: Link, nic: Link) -> Finding:
    if link.kind in EXCLUSIVE_CHILDREN:
        text = f"{link.name} is a {link.kind} on {nic.name}, which then cannot be a port"
        return kinds.EXCLUSIVE_CHILD.finding(text, child=link.name)
    if link.kind == "vlan":
        text = f"{link.name} goes on taking its frames from {nic.name} before the bridge"
        return kinds.VLAN_CHILD.finding(text, child=link.name)
    text = f"{link.name}, a {link.kind or 'link'}, goes on sending through {nic.name}"
    return kinds.LEANING_LINK.finding(text)


def check_carrier(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Warn of a NIC that is up and has no carrier."""
    nic = snapshot.require(intent.nic)
    if nic.up and not nic.carrier:
        yield kinds.NO_CARRIER.finding(
            f"{nic.name} has no carrier: nothing can be verified over it"
        )
