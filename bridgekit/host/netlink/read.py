"""Read links, addresses, routes, neighbours, rules and nexthop objects of this namespace."""

import socket
import struct
from pathlib import Path
from typing import Any

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from bridgekit.host.netlink.channel import HEADER, Channel, NetlinkError
from bridgekit.model import wire
from bridgekit.model.addresses import DEPRECATED, FOREVER, Address
from bridgekit.model.links import BridgeOptions, Link, Neighbour
from bridgekit.model.routes import RTMSG, RouteSet
from bridgekit.model.rules import NEXTHOP_HEAD, Nexthop, Rule

GETLINK, GETADDR, GETROUTE, GETNEIGH, GETRULE, GETNEXTHOP = 18, 22, 26, 30, 34, 106
FAMILIES = (socket.AF_INET, socket.AF_INET6)
UP, LOOPBACK, LOWER_UP = 0x1, 0x8, 0x10000
IFINFO = struct.Struct("=BxHiII")
IFADDR = struct.Struct("=BBBBI")
NDMSG = struct.Struct("=BxxxiHBB")


def decoded(message_class: Any, body: bytes) -> Any:
    """Return pyroute2's view of a message body: fields by [], attributes by get_attr()."""
    message = message_class(HEADER.pack(HEADER.size + len(body), 0, 0, 0, 0) + body)
    message.decode()
    return message


def links(channel: Channel) -> tuple[Link, ...]:
    """Return all links in the kernel's order. Equivalent to: ip -details link show"""
    found = [decoded(ifinfmsg, body) for body in channel.dump(GETLINK, IFINFO.pack(0, 0, 0, 0, 0))]
    names = {message["index"]: _text(message, "IFLA_IFNAME") or "" for message in found}
    return tuple(_link(message, names) for message in found)


def _link(message: Any, names: dict[int, str]) -> Link:
    info = message.get_attr("IFLA_LINKINFO")
    kind = (info.get_attr("IFLA_INFO_KIND") if info else None) or ""
    name = names[message["index"]]
    controller = message.get_attr("IFLA_MASTER")
    lower = message.get_attr("IFLA_LINK") if not message.get_attr("IFLA_LINK_NETNSID") else None
    return Link(
        index=message["index"],
        name=name,
        kind=kind,
        mac=message.get_attr("IFLA_ADDRESS") or "",
        mtu=message.get_attr("IFLA_MTU") or 0,
        up=bool(message["flags"] & UP),
        carrier=bool(message["flags"] & LOWER_UP),
        loopback=bool(message["flags"] & LOOPBACK),
        wireless=Path(f"/sys/class/net/{name}/wireless").exists(),
        controller=names.get(controller, f"if{controller}") if controller else None,
        lower=names.get(lower) if lower and kind != "veth" else None,
        addrgenmode=_addrgenmode(message),
        bridge=_bridge(info) if kind == "bridge" else None,
        qlen=message.get_attr("IFLA_TXQLEN") or 0,
        group=message.get_attr("IFLA_GROUP") or 0,
        alias=_text(message, "IFLA_IFALIAS"),
        altnames=_altnames(message),
    )


def _altnames(message: Any) -> tuple[str, ...]:
    properties = message.get_attr("IFLA_PROP_LIST")
    found = properties.get_attrs("IFLA_ALT_IFNAME") if properties else ()
    return tuple(_readable(name) for name in found)


def _text(message: Any, attribute: str) -> str | None:
    value = message.get_attr(attribute)
    return None if value is None else _readable(value)


def _readable(value: str | bytes) -> str:
    """pyroute2 leaves a text that is no UTF-8 as bytes."""
    return wire.text(value) if isinstance(value, bytes) else value


def _addrgenmode(message: Any) -> int | None:
    spec = message.get_attr("IFLA_AF_SPEC")
    ipv6 = spec.get_attr("AF_INET6") if spec else None
    mode = ipv6.get_attr("IFLA_INET6_ADDR_GEN_MODE") if ipv6 else None
    return None if mode is None else int(mode)


def _bridge(info: Any) -> BridgeOptions:
    data = info.get_attr("IFLA_INFO_DATA")
    return BridgeOptions(
        stp=bool(data.get_attr("IFLA_BR_STP_STATE")),
        forward_delay=data.get_attr("IFLA_BR_FORWARD_DELAY") or 0,
        hello_time=data.get_attr("IFLA_BR_HELLO_TIME") or 0,
        max_age=data.get_attr("IFLA_BR_MAX_AGE") or 0,
        ageing_time=data.get_attr("IFLA_BR_AGEING_TIME") or 0,
        priority=data.get_attr("IFLA_BR_PRIORITY") or 0,
        vlan_filtering=bool(data.get_attr("IFLA_BR_VLAN_FILTERING")),
    )


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
        label=_text(message, "IFA_LABEL"),
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
    usable = proxy or (message["state"] & Neighbour.USABLE and mac)
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
