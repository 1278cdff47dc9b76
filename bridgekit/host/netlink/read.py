"""Read addresses, routes, neighbours, rules and nexthop objects of this namespace."""

import socket
import struct
from typing import Any

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from bridgekit.host.netlink.channel import Channel, NetlinkError
from bridgekit.host.netlink.messages import decoded, text
from bridgekit.model import wire
from bridgekit.model.addresses import DEPRECATED, FOREVER, Address
from bridgekit.model.links import Neighbour
from bridgekit.model.routes import DST, LOCAL_TABLE, OIF, RTMSG, RouteSet, fields
from bridgekit.model.rules import NEXTHOP_HEAD, Nexthop, Rule

GETADDR, GETROUTE, GETNEIGH, GETRULE, GETNEXTHOP = 22, 26, 30, 34, 106
FAMILIES = (socket.AF_INET, socket.AF_INET6)
IFADDR = struct.Struct("=BBBBI")
NDMSG = struct.Struct("=BxxxiHBB")


def addresses(channel: Channel, names: dict[int, str]) -> tuple[Address, ...]:
    """Return the addresses of both families in the kernel's order. Equivalent to: ip addr show"""
    bodies = (b for f in FAMILIES for b in channel.dump(GETADDR, IFADDR.pack(f, 0, 0, 0, 0)))
    found = [decoded(ifaddrmsg, body) for body in bodies]
    return tuple(_address(message, names) for message in found if message["index"] in names)


def _address(message: Any, names: dict[int, str]) -> Address:
    address, local = message.get_attr("IFA_ADDRESS"), message.get_attr("IFA_LOCAL")
    cache = message.get_attr("IFA_CACHEINFO") or {}
    flags = message.get_attr("IFA_FLAGS") or message["flags"]
    # of an IPv4 address that stays the kernel tells only by the flag that it is deprecated
    preferred = 0 if flags & DEPRECATED else cache.get("ifa_preferred", FOREVER)
    return Address(
        link=names[message["index"]],
        family=message["family"],
        ip=local or address,
        prefixlen=message["prefixlen"],
        peer=address if local and local != address else None,
        broadcast=message.get_attr("IFA_BROADCAST"),
        label=text(message, "IFA_LABEL"),
        scope=message["scope"],
        flags=flags,
        preferred=preferred,
        valid=cache.get("ifa_valid", FOREVER),
        metric=message.get_attr("IFA_RT_PRIORITY") or 0,
        protocol=message.get_attr("IFA_PROTO") or 0,
    )


def routes(channel: Channel, names: dict[int, str]) -> RouteSet:
    """Return the routes of every table and both families. Equivalent to: ip route show table all"""
    messages: list[bytes] = []
    for family in FAMILIES:
        messages += channel.dump(GETROUTE, RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0))
    return RouteSet(tuple(names.items()), tuple(messages))


def local_ipv6(channel: Channel, index: int) -> frozenset[str]:
    """Return the IPv6 addresses of a link that have their route in the table local.

    Equivalent to: ip -6 route show table local dev LINK
    """
    head = RTMSG.pack(socket.AF_INET6, 0, 0, 0, LOCAL_TABLE, 0, 0, 0, 0)
    bodies = channel.dump(GETROUTE, head + wire.attribute(OIF, wire.U32.pack(index)))
    return frozenset(socket.inet_ntop(socket.AF_INET6, fields(b)[DST]) for b in bodies)


def neighbours(channel: Channel, names: dict[int, str]) -> tuple[Neighbour, ...]:
    """Return neighbour entries whose MAC is known, and proxy entries. See: ip neigh show"""
    bodies = (
        body
        for family in FAMILIES
        for flags in (0, Neighbour.PROXY)
        for body in channel.dump(GETNEIGH, NDMSG.pack(family, 0, 0, flags, 0))
    )
    found = (_neighbour(decoded(ndmsg, body), names) for body in bodies)
    return tuple(entry for entry in found if entry)


def _neighbour(message: Any, names: dict[int, str]) -> Neighbour | None:
    mac = message.get_attr("NDA_LLADDR")
    proxy = message["flags"] & Neighbour.PROXY
    group = mac and int(mac[:2], 16) & 1  # the kernel's own, for multicast and broadcast
    usable = proxy or (message["state"] & Neighbour.USABLE and mac and not group)
    if not usable or message["ifindex"] not in names:
        return None
    return Neighbour(
        link=names[message["ifindex"]],
        family=message["family"],
        ip=message.get_attr("NDA_DST"),
        mac=mac or "",
        state=0 if proxy else message["state"],
        flags=message["flags"],
        protocol=message.get_attr("NDA_PROTOCOL") or 0,
    )


def rules(channel: Channel) -> tuple[Rule, ...]:
    """Return the policy rules of both families. Equivalent to: ip rule show"""
    bodies = (b for f in FAMILIES for b in channel.dump(GETRULE, RTMSG.pack(f, *[0] * 8)))
    return tuple(Rule.read(body) for body in bodies)


def nexthops(channel: Channel, names: dict[int, str]) -> tuple[Nexthop, ...]:
    """Return nexthop objects. Equivalent to: ip nexthop show"""
    try:
        bodies = channel.dump(GETNEXTHOP, NEXTHOP_HEAD.pack(0, 0, 0, 0))
    except NetlinkError:  # kernels before 5.3 have none
        return ()
    return tuple(Nexthop.read(body, names) for body in bodies)
