"""Read addresses, routes, neighbours, rules and nexthop objects of this namespace."""

import socket
from collections.abc import Iterator, Sequence

from bridgekit.netlink.address_neighbour import IFA_CACHEINFO_VALUE, IFADDRMSG, NDMSG
from bridgekit.netlink.parallel import run_all
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state import nlattr
from bridgekit.state.address import FOREVER, Address
from bridgekit.state.link import Link, Neighbour
from bridgekit.state.routes.dump_parser import RouteDumpParser
from bridgekit.state.routes.message import RTMSG, attributes
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import NHMSG, Nexthop, Rule
from bridgekit.uapi.if_addr import (
    IFA_ADDRESS,
    IFA_BROADCAST,
    IFA_CACHEINFO,
    IFA_F_DEPRECATED,
    IFA_FLAGS,
    IFA_LABEL,
    IFA_LOCAL,
    IFA_PROTO,
    IFA_RT_PRIORITY,
)
from bridgekit.uapi.neighbour import (
    NDA_DST,
    NDA_FLAGS_EXT,
    NDA_LLADDR,
    NDA_PROTOCOL,
    NTF_EXT_MANAGED,
    NTF_PROXY,
    NUD_NOARP,
    NUD_VALID,
)
from bridgekit.uapi.rtnetlink import (
    RT_TABLE_LOCAL,
    RTA_DST,
    RTA_OIF,
    RTM_GETADDR,
    RTM_GETNEIGH,
    RTM_GETNEXTHOP,
    RTM_GETROUTE,
    RTM_GETRULE,
)

FAMILIES = (socket.AF_INET, socket.AF_INET6)


def addresses(sock: NetlinkSocket, names: dict[int, str]) -> tuple[Address, ...]:
    """Return the addresses of both families in the kernel's order.

    Equivalent to: ip addr show
    """
    bodies = (b for f in FAMILIES for b in sock.dump(RTM_GETADDR, IFADDRMSG.pack(f, 0, 0, 0, 0)))
    return tuple(_addresses(bodies, names))


def _addresses(bodies: Iterator[bytes], names: dict[int, str]) -> Iterator[Address]:
    for body in bodies:
        *_, index = IFADDRMSG.unpack_from(body)
        if index in names:
            yield _address(body, names[index])


def _address(body: bytes, link: str) -> Address:
    family, prefixlen, flags, scope, _ = IFADDRMSG.unpack_from(body)
    found = nlattr.parse(body, IFADDRMSG.size)
    address = found.get(IFA_ADDRESS, bytes(4))  # a peer 0.0.0.0 is left out
    local = found.get(IFA_LOCAL, address)
    flags = nlattr.u32(found[IFA_FLAGS]) if IFA_FLAGS in found else flags
    preferred, valid = FOREVER, FOREVER
    if IFA_CACHEINFO in found:
        preferred, valid, _, _ = IFA_CACHEINFO_VALUE.unpack_from(found[IFA_CACHEINFO])
    return Address(
        link=link,
        family=family,
        ip=_ip(local),
        prefixlen=prefixlen,
        peer=_ip(address) if local != address else None,
        broadcast=_ip(found[IFA_BROADCAST]) if IFA_BROADCAST in found else None,
        label=nlattr.string(found[IFA_LABEL]) if IFA_LABEL in found else None,
        scope=scope,
        flags=flags,
        # of an IPv4 address that stays the kernel tells only by the flag that it is deprecated
        preferred=0 if flags & IFA_F_DEPRECATED else preferred,
        valid=valid,
        metric=nlattr.u32(found[IFA_RT_PRIORITY]) if IFA_RT_PRIORITY in found else 0,
        protocol=found.get(IFA_PROTO, b"\0")[0],
    )


def _ip(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def routes(names: dict[int, str]) -> RouteSet:
    """Return the routes of every table and both families.

    Equivalent to: ip route show table all
    """
    ipv4, ipv6 = run_all(_routes)
    messages = (*ipv4.messages, *ipv6.messages)
    return RouteSet(tuple(names.items()), messages, (*ipv4.blocks, *ipv6.blocks))


def _routes(family: int) -> RouteSet:
    with NetlinkSocket() as sock:
        head = RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
        return sock.dump_into(RouteDumpParser, RTM_GETROUTE, head).result()


def local_ipv6(sock: NetlinkSocket, index: int) -> frozenset[str]:
    """Return the IPv6 addresses of a link that have their route in the table local.

    Equivalent to: ip -6 route show table local dev LINK
    """
    head = RTMSG.pack(socket.AF_INET6, 0, 0, 0, RT_TABLE_LOCAL, 0, 0, 0, 0)
    bodies = sock.dump(RTM_GETROUTE, head + nlattr.pack(RTA_OIF, nlattr.U32.pack(index)))
    return frozenset(socket.inet_ntop(socket.AF_INET6, attributes(b)[RTA_DST]) for b in bodies)


def neighbours(sock: NetlinkSocket, links: Sequence[Link]) -> tuple[Neighbour, ...]:
    """Return neighbour entries whose MAC is known, and proxy entries.

    See: ip neigh show
    """
    bodies = (
        body
        for family in FAMILIES
        for flags in (0, NTF_PROXY)
        for body in sock.dump(RTM_GETNEIGH, NDMSG.pack(family, 0, 0, flags, 0))
    )
    numbers = {link.index: link for link in links}
    found = (_neighbour(body, numbers) for body in bodies)
    return tuple(entry for entry in found if entry)


def _neighbour(body: bytes, links: dict[int, Link]) -> Neighbour | None:
    family, index, state, flags, _ = NDMSG.unpack_from(body)
    found = nlattr.parse(body, NDMSG.size)
    mac, proxy = found.get(NDA_LLADDR, b""), flags & NTF_PROXY
    managed = NDA_FLAGS_EXT in found and bool(nlattr.u32(found[NDA_FLAGS_EXT]) & NTF_EXT_MANAGED)
    usable = proxy or managed or (state & NUD_VALID and mac)
    if not usable or index not in links or _is_kernels_own(mac, state, links[index]):
        return None
    return Neighbour(
        link=links[index].name,
        family=family,
        ip=_ip(found[NDA_DST]),
        mac=mac.hex(":"),
        state=0 if proxy else state,
        flags=flags,
        protocol=found.get(NDA_PROTOCOL, b"\0")[0],
        managed=managed,
    )


def _is_kernels_own(mac: bytes, state: int, link: Link) -> bool:
    """Those for multicast, broadcast and the host's own addresses; and of links without ARP all."""
    group = bool(mac) and mac[0] & 1
    local = not any(mac) or mac.hex(":") == link.mac or not link.arp or link.loopback
    return bool(group or (state & NUD_NOARP and local))


def rules(sock: NetlinkSocket) -> tuple[Rule, ...]:
    """Return the policy rules of both families.

    Equivalent to: ip rule show
    """
    bodies = (b for f in FAMILIES for b in sock.dump(RTM_GETRULE, RTMSG.pack(f, *[0] * 8)))
    return tuple(Rule.read(body) for body in bodies)


def nexthops(sock: NetlinkSocket, names: dict[int, str]) -> tuple[Nexthop, ...]:
    """Return nexthop objects.

    Equivalent to: ip nexthop show
    """
    try:
        bodies = sock.dump(RTM_GETNEXTHOP, NHMSG.pack(0, 0, 0, 0))
    except NetlinkError:  # kernels before 5.3 have none
        return ()
    return tuple(Nexthop.read(body, names) for body in bodies)
