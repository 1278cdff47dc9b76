"""The link between a container and a bridge (a veth) or a NIC (a macvlan): made, set up, removed.

What is ours has the alias "bridgekit" on the host's end; a macvlan, which has none, inside.
"""

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from bridgekit.attach import addresses, port
from bridgekit.attach.spec import InterfaceSpec
from bridgekit.attach.target import AttachTarget
from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.host.forward_rules import ALIAS
from bridgekit.netlink.iproute import IpRoute
from bridgekit.netlink.monitor import NetlinkMonitor
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.state.link import Link
from bridgekit.system.netns import inside

FORWARDING_SECONDS = 2.0
SETTINGS = Path("/proc/sys/net")


def find_parent(name: str, spec: InterfaceSpec) -> Link | None:
    """Return the bridge or NIC to attach to; None for a bridge that is still to be made.

    Raises:
        RefusedError: The link can have no such interface on it.
    """
    link = addresses.link(name)
    if link is None or link.kind == "bridge":
        if spec.vlan and not (link and link.bridge and link.bridge.vlan_filtering):
            raise RefusedError(
                f"{name} does not filter VLANs; nothing was changed; a bridge does with "
                f"`ip link set {name} type bridge vlan_filtering 1`"
            )
        return link
    if link.controller:
        raise RefusedError(
            f"{name} is a port of {link.controller}; nothing was changed; attach to "
            f"{link.controller}"
        )
    if not link.mac or link.loopback:
        raise RefusedError(f"{name} is no bridge and no Ethernet NIC; nothing was changed")
    if spec.vlan:
        raise RefusedError(
            f"{name} is no bridge, so --vlan means nothing; nothing was changed; attach to a link "
            f"for the VLAN: ip link add {name}.{spec.vlan} link {name} type vlan id {spec.vlan}"
        )
    return link


def make_bridge(name: str) -> None:
    """Make a bridge that forwards at once.

    Equivalent to: ip link add NAME type bridge stp_state 0 forward_delay 0; ip link set NAME up
    """
    with IpRoute() as ip:
        try:
            ip.add_bridge(name)
        except NetlinkError as error:  # then a bridge of that name is not ours to remove
            raise RefusedError(f"{name} can't be made: {error}; nothing was changed") from error
        ip.set_up(name)


def host_ifname(spec: InterfaceSpec) -> str:
    """Return the name of the host's end: the one asked for, or a random one."""
    return spec.host_ifname or f"bk{secrets.token_hex(5)}"


def create(name: str, parent: str, namespace: str, spec: InterfaceSpec) -> None:
    """Make the interface on its parent, a bridge or a NIC, and put it into the namespace."""
    link = addresses.link(parent)
    assert link
    own: dict[str, Any] = {"mtu": spec.mtu or link.mtu}
    own |= {"address": spec.mac} if spec.mac else {}
    with IpRoute() as ip:
        if link.kind == "bridge":
            _create_veth(ip, name, parent, namespace, {"ifname": spec.ifname, **own})
        else:
            ip.add_link(name, "macvlan", link=link.index, macvlan_mode="bridge", **own)
            ip.set_alias(name, ALIAS)
            ip.move(name, namespace, spec.ifname)
    if spec.vlan:
        _move_to_vlan(name, spec.vlan)


def _create_veth(ip: IpRoute, name: str, bridge: str, namespace: str, peer: dict[str, Any]) -> None:
    ip.add_veth(name, peer, namespace, mtu=peer["mtu"])
    ip.set_alias(name, ALIAS)
    ip.without_link_local(name)
    ip.set_controller(name, bridge)
    ip.set_up(name)


def _move_to_vlan(name: str, number: int) -> None:
    """Let a new port take part in one VLAN alone."""
    link = addresses.link(name)
    assert link
    with IpRoute() as ip:
        for one in link.vlans or ():
            for other in range(one.first, one.last + 1):
                ip.delete_vlan(name, other)
        ip.add_vlan(name, number, pvid=True, untagged=True)


def configure(target: AttachTarget, spec: InterfaceSpec) -> None:
    """Give the interface its addresses and routes, and turn it on."""
    with inside(target.namespace), IpRoute() as ip:
        _set(f"ipv4/conf/{spec.ifname}/arp_notify", "1")
        if any(one.version == 6 for one in spec.addresses):
            _set(f"ipv6/conf/{spec.ifname}/disable_ipv6", "0")  # Docker turns it on in a container
            _set(f"ipv6/conf/{spec.ifname}/ndisc_notify", "1")
        if target.router:
            _set("ipv4/ip_forward", "1")
        for address in spec.addresses:
            ip.add_address(spec.ifname, address, broadcast=True)
        ip.set_up(spec.ifname)
        _add_routes(ip, spec)


def _add_routes(ip: IpRoute, spec: InterfaceSpec) -> None:
    for gateway in spec.gateways:
        on_link = any(gateway in own.network for own in spec.addresses) or gateway.is_link_local
        if not on_link:
            ip.add_route(spec.ifname, f"{gateway}/{gateway.max_prefixlen}")
        default = "0.0.0.0/0" if gateway.version == 4 else "::/0"
        ip.add_route(spec.ifname, default, str(gateway), replace=True)
    for route in spec.routes:
        via = str(route.via) if route.via else ""
        ip.add_route(spec.ifname, str(route.prefix), via, replace=True)


def _set(setting: str, value: str) -> None:
    try:
        (SETTINGS / setting).write_text(value)
    except OSError as error:
        raise BridgekitError(f"net/{setting} can't be set to {value}: {error.strerror}") from error


def announce(name: str, namespace: str, ifname: str) -> None:
    """Tell the L2 segment who has the address: with arp_notify, setting the MAC anew does that.

    Before the bridge forwards for the port nobody would hear; with STP on that takes too long.
    """
    if addresses.link(name):
        with NetlinkMonitor() as notices:
            notices.wait(lambda: addresses.forwards(name), FORWARDING_SECONDS)
    link = addresses.link(ifname, namespace)
    assert link
    with inside(namespace), IpRoute() as ip:
        ip.set_mac(ifname, link.mac)


def delete(host_end: Link, namespace: str, ifname: str) -> None:
    """Delete the link whose host end `port.host_end` has returned."""
    if host_end.kind != "macvlan":
        namespace, ifname = "", host_end.name
    with inside(namespace or None), IpRoute() as ip:
        ip.delete_link(ifname)


def delete_unfinished(name: str, namespace: str, ifname: str) -> None:
    """Delete as much as there is of a link that was not finished."""
    with suppress(NetlinkError), IpRoute() as ip:
        ip.delete_link(name)
    link = addresses.link(ifname, namespace)
    if link and link.kind == "macvlan" and port.is_ours(link):
        with suppress(NetlinkError), inside(namespace), IpRoute() as ip:
            ip.delete_link(ifname)
