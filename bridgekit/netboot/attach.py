"""Giving a container an interface on a bridge, and taking it away: pipework's job."""

import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Interface
from pathlib import Path

from bridgekit.errors import BridgekitError, Refused, UsageError
from bridgekit.host.command import CommandFailed, run
from bridgekit.netboot import addresses, firewall, target
from bridgekit.netboot.addresses import Link
from bridgekit.netboot.audit import need_root
from bridgekit.netboot.target import Target

NIC = "eth1"
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
FORWARDING_SECONDS = 2.0
OURS = re.compile(r"bk[0-9a-f]{10}")
BRIDGE = re.compile(r"[^\s/:]{1,15}")


@dataclass(frozen=True, slots=True)
class Wish:
    """How the container's interface shall be."""

    address: IPv4Interface
    gateway: IPv4Address | None
    mac: str | None


def attach(  # noqa: PLR0913 - the words of its command line
    bridge: str,
    container: str,
    address: str,
    gateway: str | None = None,
    mac: str | None = None,
    *,
    state: Path,
) -> bool:
    """Give the container eth1 on the bridge, which is made if missing; False if it has it already.

    All or nothing. Raises UsageError for a malformed wish, Refused for a host that can't bear it.
    """
    wish = _wish(bridge, address, gateway, mac)
    need_root()
    known = _bridge(bridge)
    goal = target.find(container, state)
    if _present(bridge, goal, wish):
        return False
    if known is None:
        _make_bridge(bridge)
    try:
        _make(bridge, goal, wish)
    except BridgekitError as error:
        close_if_unused(bridge)
        if known is None:
            run("ip", "link", "delete", bridge)
        raise Refused(f"{container} was not attached to {bridge}; undone. {error}") from error
    return True


def detach(bridge: str, container: str, *, state: Path) -> bool:
    """Take the container's eth1 off the bridge again; False if there is none."""
    need_root()
    goal = target.find(container, state)
    port = _port(goal)
    if port is None or port.controller != bridge:
        return False
    run("ip", "link", "delete", port.name)
    close_if_unused(bridge)
    return True


def close_if_unused(bridge: str) -> None:
    """Take the firewall's rule for the bridge back with the last interface made here."""
    ports = (link.name for link in addresses.links() if link.controller == bridge)
    if not any(OURS.fullmatch(name) for name in ports):
        firewall.close_bridge(bridge)


def port_of(container: str, *, state: Path) -> str | None:
    """The name of the host's end of a container's eth1; None if either is not there."""
    try:
        port = _port(target.find(container, state))
    except Refused:
        return None
    return port.name if port else None


def _wish(bridge: str, address: str, gateway: str | None, mac: str | None) -> Wish:
    if not BRIDGE.fullmatch(bridge):
        raise UsageError(f"{bridge!r} can't be the name of a bridge.")
    if mac is not None and (not MAC.fullmatch(mac.lower()) or int(mac[:2], 16) & 1):
        raise UsageError(f"{mac!r} is no MAC address of one host, like 02:00:00:00:00:01.")
    if "/" not in address:
        raise UsageError(f"{address!r} has no prefix length; write ADDRESS/LEN.")
    try:
        interface = IPv4Interface(address)
        router = IPv4Address(gateway) if gateway else None
    except (AddressValueError, ValueError) as error:
        raise UsageError(f"{address}{'@' + gateway if gateway else ''}: {error}.") from error
    network = interface.network
    if network.prefixlen < 31 and interface.ip in (network[0], network[-1]):
        raise UsageError(f"{interface.ip} is the network or broadcast address of {network}.")
    if router and (router == interface.ip or router.is_multicast or router.is_loopback):
        raise UsageError(f"{router} can't be the gateway of {interface}.")
    return Wish(interface, router, mac.lower() if mac else None)


def _bridge(name: str) -> Link | None:
    known = addresses.link(name)
    if known and known.kind != "bridge":
        raise Refused(f"{name} exists and is no bridge. Nothing was changed.")
    return known


def _make_bridge(name: str) -> None:
    """Equivalent to: ip link add NAME type bridge; ip link set NAME up"""
    run("ip", "link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0")
    run("ip", "link", "set", name, "up")


def _port(goal: Target) -> Link | None:
    """The host's end of the container's eth1: each end names the other's index."""
    nic = addresses.link(NIC, goal.namespace)
    if nic is None or nic.kind != "veth":
        return None
    ends = (link for link in addresses.links() if link.kind == "veth")
    return next((end for end in ends if (end.index, end.peer) == (nic.peer, nic.index)), None)


def _present(bridge: str, goal: Target, wish: Wish) -> bool:
    """Is all as wished already? Refuse if eth1 is there but otherwise."""
    nic = addresses.link(NIC, goal.namespace)
    if nic is None:
        return False
    port = _port(goal)
    same = port is not None and port.controller == bridge and nic.up
    same = same and str(wish.address) in addresses.addresses(goal.namespace, NIC)
    if same and wish.mac in (None, nic.mac):
        return True
    raise Refused(
        f"{goal.name} has an {NIC} already, with other settings. Nothing was changed; "
        f"`bridgekit detach {port.controller if port else bridge} {goal.name}` removes it."
    )


def _make(bridge: str, goal: Target, wish: Wish) -> None:
    port = f"bk{secrets.token_hex(5)}"
    inside = addresses.inside(goal.namespace)
    mtu = next(link.mtu for link in addresses.links() if link.name == bridge)
    try:
        firewall.open_bridge(bridge)
        run("ip", "-batch", "-", stdin=_pair(port, bridge, goal, wish, mtu))
        run(*inside, "tee", f"/proc/sys/net/ipv4/conf/{NIC}/arp_notify", stdin="1")
        if goal.router:
            run(*inside, "tee", "/proc/sys/net/ipv4/ip_forward", stdin="1")
        run(*inside, "ip", "-batch", "-", stdin=_configuration(wish))
        _announce(port, goal.namespace)
    except CommandFailed:
        with suppress(CommandFailed):
            run("ip", "link", "delete", port)
        raise


def _pair(port: str, bridge: str, goal: Target, wish: Wish, mtu: int) -> str:
    mac = f"address {wish.mac}" if wish.mac else ""
    return (
        f"link add {port} mtu {mtu} type veth "
        f"peer name {NIC} mtu {mtu} {mac} netns {goal.namespace}\n"
        f"link set {port} addrgenmode none\n"
        f"link set {port} master {bridge} up\n"
    )


def _announce(port: str, namespace: str) -> None:
    """Tell the wire who has the address now: with arp_notify, setting the MAC it has does that.

    Before the bridge forwards for the port nobody would hear; with STP on that takes too long.
    """
    until = time.monotonic() + FORWARDING_SECONDS
    while not addresses.forwards(port) and time.monotonic() < until:
        pass  # reading it again takes milliseconds
    nic = addresses.link(NIC, namespace)
    assert nic
    run(*addresses.inside(namespace), "ip", "link", "set", NIC, "address", nic.mac)


def _configuration(wish: Wish) -> str:
    network = wish.address.network
    broadcast = "broadcast +" if network.prefixlen < 31 else ""
    lines = [f"address add {wish.address} {broadcast} dev {NIC}", f"link set {NIC} up"]
    if wish.gateway and wish.gateway not in network:
        lines.append(f"route add {wish.gateway}/32 dev {NIC}")
    if wish.gateway:
        lines.append(f"route replace default via {wish.gateway} dev {NIC}")
    return "\n".join(lines) + "\n"
