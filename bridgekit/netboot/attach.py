"""Giving a container an interface on a bridge, and taking it away: pipework's job."""

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

from bridgekit.errors import BridgekitError, Refused, UsageError
from bridgekit.host.command import CommandFailed, run
from bridgekit.host.netlink.channel import Notices
from bridgekit.netboot import addresses, firewall, target
from bridgekit.netboot.addresses import Link
from bridgekit.netboot.audit import need_root
from bridgekit.netboot.target import Target

NIC = "eth1"
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
FORWARDING_SECONDS = 2.0
OURS = re.compile(r"bk[0-9a-f]{10}")
BRIDGE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
THIS_NETWORK, BROADCAST = IPv4Network("0.0.0.0/8"), IPv4Address("255.255.255.255")


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
    try:
        if known is None:
            _make_bridge(bridge)
        _make(bridge, goal, wish)
    except Refused:
        raise
    except BaseException as error:
        _undo(bridge, made=known is None)
        if not isinstance(error, BridgekitError):
            raise
        raise Refused(f"{container} was not attached to {bridge}; undone. {error}") from error
    return True


def detach(bridge: str, container: str, *, state: Path) -> bool:
    """Take the container's eth1 off the bridge again; False if there is none.

    One of ours whose bridge is gone is removed too. Raises Refused for one on another bridge.
    """
    need_root()
    goal = target.find(container, state)
    port = _port(goal)
    if port is None or not (port.controller or OURS.fullmatch(port.name)):
        return False
    if port.controller not in ("", bridge):
        raise Refused(
            f"{container}'s {NIC} is not on {bridge} but on {port.controller}. Nothing was "
            f"changed; `bridgekit detach {port.controller} {container}` removes it."
        )
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
        raise UsageError(
            f"{bridge!r} can't be the name of a bridge: 1 to 15 letters, digits and _.- please, "
            "neither . nor - first."
        )
    interface = _interface(address)
    router = None if gateway is None else _gateway(gateway, interface)
    return Wish(interface, router, None if mac is None else _mac(mac.lower()))


def _mac(mac: str) -> str:
    if not MAC.fullmatch(mac) or int(mac[:2], 16) & 1 or not int(mac.replace(":", ""), 16):
        raise UsageError(f"{mac!r} is no MAC address of one host, like 02:00:00:00:00:01.")
    return mac


def _interface(address: str) -> IPv4Interface:
    if "/" not in address:
        raise UsageError(f"{address!r} has no prefix length; write ADDRESS/LEN.")
    try:
        interface = IPv4Interface(address)
    except ValueError as error:
        raise UsageError(f"{address!r} is no ADDRESS/LEN: {error}.") from error
    if _no_host(interface.ip):
        raise UsageError(f"{interface.ip} can't be the address of one host.")
    if interface.ip in _ends(interface.network):
        raise UsageError(
            f"{interface.ip} is the network or broadcast address of {interface.network}."
        )
    return interface


def _gateway(gateway: str, interface: IPv4Interface) -> IPv4Address:
    try:
        router = IPv4Address(gateway)
    except ValueError as error:
        raise UsageError(f"{gateway!r} can't be the gateway of {interface}: {error}.") from error
    if router in (interface.ip, *_ends(interface.network)) or _no_host(router):
        raise UsageError(f"{router} can't be the gateway of {interface}.")
    return router


def _no_host(address: IPv4Address) -> bool:
    """Can no host on a wire have it?"""
    special = address.is_multicast or address.is_loopback or address == BROADCAST
    return special or address in THIS_NETWORK


def _ends(network: IPv4Network) -> tuple[IPv4Address, ...]:
    """The addresses of the network itself and of all its hosts; a /31 or /32 has neither."""
    return (network[0], network[-1]) if network.prefixlen < 31 else ()


def _bridge(name: str) -> Link | None:
    known = addresses.link(name)
    if known and known.kind != "bridge":
        raise Refused(f"{name} exists and is no bridge. Nothing was changed.")
    return known


def _make_bridge(name: str) -> None:
    """Equivalent to: ip link add NAME type bridge; ip link set NAME up"""
    try:
        run("ip", "link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0")
    except CommandFailed as error:  # then a bridge of that name is not ours to undo
        raise Refused(f"{name} can't be made. Nothing was changed. {error}") from error
    run("ip", "link", "set", name, "up")


def _undo(bridge: str, *, made: bool) -> None:
    close_if_unused(bridge)
    if made:
        with suppress(CommandFailed):
            run("ip", "link", "delete", bridge)


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
    same = same and addresses.gateways(NIC, goal.namespace) == _one(wish.gateway)
    if same and wish.mac in (None, nic.mac):
        return True
    raise Refused(
        f"{goal.name} has an {NIC} already, with other settings. Nothing was changed; "
        + _way_out(goal.name, bridge, port)
    )


def _one(gateway: IPv4Address | None) -> tuple[IPv4Address, ...]:
    return (gateway,) if gateway else ()


def _way_out(container: str, bridge: str, port: Link | None) -> str:
    if port and (port.controller or OURS.fullmatch(port.name)):
        return f"`bridgekit detach {port.controller or bridge} {container}` removes it."
    return "it is none of bridgekit's: whoever made it has to remove or rename it."


def _make(bridge: str, goal: Target, wish: Wish) -> None:
    port = f"bk{secrets.token_hex(5)}"
    try:
        firewall.open_bridge(bridge)
        _plug(port, bridge, goal, wish)
        _configure(goal, wish)
        _announce(port, goal.namespace)
    except BaseException:
        with suppress(CommandFailed):
            run("ip", "link", "delete", port)
        raise


def _plug(port: str, bridge: str, goal: Target, wish: Wish) -> None:
    """One command each: a line of `ip -batch` would be cut at a blank or # of the path."""
    mtu = next(str(link.mtu) for link in addresses.links() if link.name == bridge)
    peer = ("peer", "name", NIC, "mtu", mtu, *(("address", wish.mac) if wish.mac else ()))
    veth = (port, "mtu", mtu, "type", "veth", *peer)
    run("ip", "link", "add", *veth, "netns", goal.namespace)
    run("ip", "link", "set", port, "addrgenmode", "none")
    run("ip", "link", "set", port, "master", bridge, "up")


def _configure(goal: Target, wish: Wish) -> None:
    inside = addresses.inside(goal.namespace)
    run(*inside, "tee", f"/proc/sys/net/ipv4/conf/{NIC}/arp_notify", stdin="1")
    if goal.router:
        run(*inside, "tee", "/proc/sys/net/ipv4/ip_forward", stdin="1")
    run(*inside, "ip", "-batch", "-", stdin=_configuration(wish))


def _announce(port: str, namespace: str) -> None:
    """Tell the wire who has the address now: with arp_notify, setting the MAC it has does that.

    Before the bridge forwards for the port nobody would hear; with STP on that takes too long.
    """
    with Notices() as notices:
        notices.wait(lambda: addresses.forwards(port), FORWARDING_SECONDS)
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
