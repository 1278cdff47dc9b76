"""The link between a container and a bridge (a veth) or a NIC (a macvlan): made, set up, removed.

What is ours has the alias "bridgekit" on the host's end; a macvlan, which has none, inside.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import suppress

from bridgekit.attach import addresses
from bridgekit.attach.addresses import LinkInfo
from bridgekit.attach.spec import InterfaceSpec
from bridgekit.attach.target import AttachTarget
from bridgekit.errors import RefusedError
from bridgekit.host.forward_rules import ALIAS
from bridgekit.netlink.monitor import NetlinkMonitor
from bridgekit.system.process import CommandError, run

FORWARDING_SECONDS = 2.0
FLAGS = {"PVID": "pvid", "Egress Untagged": "untagged"}


def find(name: str, how: InterfaceSpec) -> LinkInfo | None:
    """The bridge or NIC to attach to; None for a bridge that is still to be made."""
    known = addresses.link(name)
    if known is None or known.kind == "bridge":
        if how.vlan and not addresses.filters_vlans(name):
            raise RefusedError(
                f"{name} keeps no VLANs apart. Nothing was changed; a bridge does with "
                f"`ip link set {name} type bridge vlan_filtering 1`."
            )
        return known
    if known.controller:
        raise RefusedError(
            f"{name} is a port of {known.controller}. Nothing was changed; attach to "
            f"{known.controller}."
        )
    if not known.ethernet:
        raise RefusedError(
            f"{name} exists and is no bridge and no Ethernet NIC. Nothing was changed."
        )
    if how.vlan:
        raise RefusedError(
            f"{name} is no bridge. Nothing was changed; for a VLAN of its make a link first: "
            f"ip link add {name}.{how.vlan} link {name} type vlan id {how.vlan}"
        )
    return known


def make_bridge(name: str) -> None:
    """Equivalent to: ip link add NAME type bridge; ip link set NAME up"""
    try:
        run("ip", "link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0")
    except CommandError as error:  # then a bridge of that name is not ours to undo
        raise RefusedError(f"{name} can't be made. Nothing was changed. {error}") from error
    run("ip", "link", "set", name, "up")


def new_name(how: InterfaceSpec) -> str:
    """The name of the host's end."""
    return how.port or f"bk{secrets.token_hex(5)}"


def port(namespace: str, nic: str) -> LinkInfo | None:
    """The host's end of a container's veth: each end names the other's index.

    Of a macvlan it is the macvlan itself, as if its NIC were its controller.
    """
    inside = addresses.link(nic, namespace)
    if inside and inside.kind == "macvlan":
        return _macvlan(inside)
    if inside is None or inside.kind != "veth":
        return None
    ends = (link for link in addresses.links() if link.kind == "veth")
    return next((end for end in ends if (end.index, end.peer) == (inside.peer, inside.index)), None)


def _macvlan(inside: LinkInfo) -> LinkInfo | None:
    parent = next((link for link in addresses.links() if link.index == inside.peer), None)
    return inside.with_controller(parent.name) if parent else None


def plug(name: str, bridge: str, namespace: str, how: InterfaceSpec) -> None:
    """One command each: a line of `ip -batch` would be cut at a blank or # of the path."""
    on = addresses.link(bridge)
    assert on
    mtu = ("mtu", str(how.mtu or on.mtu))
    mac = ("address", how.mac) if how.mac else ()
    if on.kind != "bridge":
        macvlan = ("type", "macvlan", "mode", "bridge")
        run("ip", "link", "add", name, "link", bridge, *mac, *mtu, *macvlan)
        run("ip", "link", "set", name, "alias", ALIAS)
        run("ip", "link", "set", name, "netns", namespace, "name", how.nic)
        return
    peer = ("peer", "name", how.nic, *mtu, *mac)
    run("ip", "link", "add", name, *mtu, "type", "veth", *peer, "netns", namespace)
    run("ip", "link", "set", name, "alias", ALIAS, "addrgenmode", "none")
    run("ip", "link", "set", name, "master", bridge, "up")
    if how.vlan:
        _only_vlan(name, how.vlan)


def _only_vlan(name: str, vlan: int) -> None:
    for found in vlans(name):
        run("bridge", "vlan", "del", "dev", name, "vid", str(found))
    run("bridge", "vlan", "add", "dev", name, "vid", str(vlan), "pvid", "untagged")


def vlan(name: str) -> int | None:
    """The VLAN of a port's untagged frames."""
    return next((number for number, how in vlans(name).items() if "pvid" in how), None)


def vlans(name: str) -> dict[int, str]:
    """A port's VLANs, each with the words that put it there: "pvid untagged", or "" if tagged.

    Equivalent to: bridge vlan show dev NAME
    """
    shown = json.loads(run("bridge", "-json", "vlan", "show", "dev", name) or "[]")
    found = (one for entry in shown for one in entry.get("vlans", ()))
    return {
        number: " ".join(word for flag, word in FLAGS.items() if flag in one.get("flags", ()))
        for one in found
        for number in range(one["vlan"], one.get("vlanEnd", one["vlan"]) + 1)
    }


def configure(goal: AttachTarget, how: InterfaceSpec) -> None:
    """Give the interface its addresses and routes, and turn it on."""
    inside = addresses.inside(goal.namespace)
    _set(inside, f"ipv4/conf/{how.nic}/arp_notify", "1")
    if any(one.version == 6 for one in how.addresses):
        _set(inside, f"ipv6/conf/{how.nic}/disable_ipv6", "0")  # Docker's choice for a container
        _set(inside, f"ipv6/conf/{how.nic}/ndisc_notify", "1")
    if goal.router:
        _set(inside, "ipv4/ip_forward", "1")
    run(*inside, "ip", "-batch", "-", stdin="\n".join(_configuration(how)) + "\n")


def _set(inside: tuple[str, ...], setting: str, value: str) -> None:
    run(*inside, "tee", f"/proc/sys/net/{setting}", stdin=value)


def announce(name: str, namespace: str, nic: str) -> None:
    """Tell the wire who has the address now: with arp_notify, setting the MAC it has does that.

    Before the bridge forwards for the port nobody would hear; with STP on that takes too long.
    """
    if addresses.link(name):
        with NetlinkMonitor() as notices:
            notices.wait(lambda: addresses.forwards(name), FORWARDING_SECONDS)
    inside = addresses.link(nic, namespace)
    assert inside
    run(*addresses.inside(namespace), "ip", "link", "set", nic, "address", inside.mac)


def unplug(found: LinkInfo, namespace: str, nic: str) -> None:
    """Remove the link that `port` has found."""
    where = addresses.inside(namespace) if found.kind == "macvlan" else ()
    run(*where, "ip", "link", "delete", nic if found.kind == "macvlan" else found.name)


def remove(name: str, namespace: str, nic: str) -> None:
    """Remove as much as there is of a link that was not finished."""
    with suppress(CommandError):
        run("ip", "link", "delete", name)
    known = addresses.link(nic, namespace)
    if known and known.kind == "macvlan" and known.ours:
        with suppress(CommandError):
            run(*addresses.inside(namespace), "ip", "link", "delete", nic)


def _configuration(how: InterfaceSpec) -> Iterator[str]:
    for own in how.addresses:
        broadcast = "broadcast +" if own.version == 4 and own.network.prefixlen < 31 else ""
        alone = "nodad" if own.version == 6 else ""
        yield f"address add {own} {broadcast} dev {how.nic} {alone}"
    yield f"link set {how.nic} up"
    for gateway in how.gateways:
        near = any(gateway in own.network for own in how.addresses) or gateway.is_link_local
        if not near:
            yield f"route add {gateway}/{gateway.max_prefixlen} dev {how.nic}"
        yield f"route replace default via {gateway} dev {how.nic}"
    for route in how.routes:
        via = f"via {route.via}" if route.via else ""
        yield f"route replace {route.prefix} {via} dev {how.nic}"
