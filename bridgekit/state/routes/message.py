"""Routes, kept as the kernel's own messages so that nothing about them is lost (rtnetlink(7)).

A message here is what follows the netlink header: `struct rtmsg` (12 bytes), then attributes.
Links stand in it by ifindex; a RouteSet says which names those mean.
"""

import struct
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import Struct

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6
from bridgekit.uapi.rtnetlink import (
    RT_SCOPE_LINK,
    RT_SCOPE_UNIVERSE,
    RT_TABLE_DEFAULT,
    RT_TABLE_LOCAL,
    RT_TABLE_MAIN,
    RTA_CACHEINFO,
    RTA_DST,
    RTA_GATEWAY,
    RTA_MULTIPATH,
    RTA_OIF,
    RTA_PRIORITY,
    RTA_SRC,
    RTA_TABLE,
    RTA_VIA,
    RTN_UNICAST,
    RTNH_F_DEAD,
    RTNH_F_ONLINK,
    RTNH_F_PERVASIVE,
    RTPROT_KERNEL,
)

RTMSG = struct.Struct("=BBBBBBBBI")
TABLE_NAMES = {RT_TABLE_DEFAULT: "default", RT_TABLE_MAIN: "main", RT_TABLE_LOCAL: "local"}
KEPT_FLAGS = RTNH_F_ONLINK | RTNH_F_PERVASIVE
"""Of the nexthop and route flags only ONLINK and PERVASIVE are settings; the rest is state."""

CONNECTED_METRIC = {IPV4: 0, IPV6: 256}
"""The metric of a connected route whose address names none."""
RTNEXTHOP = struct.Struct("=HBBi")


class RouteHeader(Struct, frozen=True):
    """The fixed part of a route message."""

    family: int
    dst_len: int
    src_len: int
    tos: int
    table: int
    protocol: int
    scope: int
    type: int
    flags: int


def header(message: bytes) -> RouteHeader:
    """Decode the fixed part of a route message."""
    return RouteHeader(*RTMSG.unpack_from(message))


def is_well_formed(message: bytes) -> bool:
    """Return whether it is a complete route message: what a file holds may be anything."""
    end = RTMSG.size
    for _, at, stop in nlattr.attributes(message, RTMSG.size):
        end = at - nlattr.NLATTR.size + ((stop - at + nlattr.NLATTR.size + 3) & ~3)
    return len(message) >= RTMSG.size and end >= len(message) and message[0] in (IPV4, IPV6)


def attributes(message: bytes) -> dict[int, bytes]:
    """Return the attributes of a route message by type."""
    return {kind: message[at:end] for kind, at, end in nlattr.attributes(message, RTMSG.size)}


def rtnexthops(message: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (offset of flags, offset of ifindex, first attribute, end) for each nexthop."""
    while at + RTNEXTHOP.size <= end:
        length = RTNEXTHOP.unpack_from(message, at)[0]
        if length < RTNEXTHOP.size or at + length > end:
            return
        yield at + 2, at + 4, at + RTNEXTHOP.size, at + length
        at += (length + 3) & ~3


def oif_offsets(message: bytes) -> list[int]:
    """Return the offsets at which the message names an interface."""
    slots = []
    for kind, at, end in nlattr.attributes(message, RTMSG.size):
        if kind == RTA_OIF:
            slots.append(at)
        elif kind == RTA_MULTIPATH:
            slots += [slot for _, slot, _, _ in rtnexthops(message, at, end)]
    return slots


def nexthops(message: bytes) -> Iterator[tuple[int, int, dict[int, bytes]]]:
    """Yield (flags, interface, attributes) of the route's only nexthop, or of each of several."""
    found = attributes(message)
    if RTA_OIF in found:
        yield header(message).flags, nlattr.u32(found[RTA_OIF], 0), found
    for kind, at, end in nlattr.attributes(message, RTMSG.size):
        if kind == RTA_MULTIPATH:
            for flags, slot, first, stop in rtnexthops(message, at, end):
                inner = {k: message[a:b] for k, a, b in nlattr.attributes(message, first, stop)}
                yield message[flags], nlattr.u32(message, slot), inner


def without_state(message: bytes) -> bytes:
    """Return the message without what is mere state: cache information, dead and offload marks."""
    parts = [message[:8], nlattr.U32.pack(header(message).flags & KEPT_FLAGS)]
    for kind, at, end in nlattr.attributes(message, RTMSG.size):
        value = message[at:end]
        if kind == RTA_MULTIPATH:
            marked = bytearray(value)
            for flags, _, _, _ in rtnexthops(value, 0, len(value)):
                marked[flags] &= KEPT_FLAGS
            value = bytes(marked)
        if kind != RTA_CACHEINFO:
            parts.append(nlattr.pack(kind, value))
    return b"".join(parts)


def expires(message: bytes) -> int:
    """Return the seconds that this route still lives; 0 if it stays."""
    cache = attributes(message).get(RTA_CACHEINFO, b"")
    ticks = struct.unpack_from("=i", cache, 8)[0] if len(cache) >= 12 else 0
    return max(0, int(ticks) // 100)


def replace_key(message: bytes) -> tuple[object, ...]:
    """Return what the kernel takes for "the same route" when asked to replace one.

    That is: family, table, destination, source, tos, metric; for IPv6 also whether it can be one
    of several equal nexthops, which a route with a gateway can (net/ipv6/ip6_fib.c).
    """
    found = attributes(message)
    can_join = message[0] == IPV6 and (RTA_GATEWAY in found or RTA_MULTIPATH in found)
    return (*_fib_key(message, found), can_join)


def fib_key(message: bytes) -> tuple[object, ...]:
    """Return a route's place in its table; of several in one place the first that works is used."""
    return _fib_key(message, attributes(message))


def _fib_key(message: bytes, found: dict[int, bytes]) -> tuple[object, ...]:
    family, dst_len, src_len, tos, table_of, *_ = RTMSG.unpack_from(message)
    number = nlattr.u32(found[RTA_TABLE]) if RTA_TABLE in found else table_of
    where = (family, number, dst_len, found.get(RTA_DST), src_len, found.get(RTA_SRC))
    return (*where, tos, found.get(RTA_PRIORITY, bytes(4)))


def table_of(message: bytes) -> int:
    """Return the routing table's number."""
    found = attributes(message)
    return nlattr.u32(found[RTA_TABLE], 0) if RTA_TABLE in found else header(message).table


def destination(message: bytes) -> IPv4Network | IPv6Network:
    """Return where the route leads."""
    packed = attributes(message).get(RTA_DST, b"\0" * (4 if message[0] == IPV4 else 16))
    return ip_network((packed, message[1]))


def has_gateway(message: bytes) -> bool:
    """Return whether the route, or a nexthop of it, goes through a gateway."""
    found = attributes(message)
    return any(kind in found for kind in (RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH))


def is_link_multicast(message: bytes) -> bool:
    """Return whether it is ff00::/8 of the local table, as IPv6 makes it for a link that is up."""
    top = header(message)
    made = top.protocol == RTPROT_KERNEL and table_of(message) == RT_TABLE_LOCAL
    return made and top.family == IPV6 and top.dst_len == 8


def is_link_local(message: bytes) -> bool:
    """Return whether it is a route to fe80::/64, of which every link has its own."""
    return message[0] == IPV6 and attributes(message).get(RTA_DST, b"")[:2] == b"\xfe\x80"


def connected_route(index: int, family: int, network: bytes, bits: int, metric: int) -> bytes:
    """Make the message of the route that the kernel makes for an address, without its source."""
    scope = RT_SCOPE_LINK if family == IPV4 else RT_SCOPE_UNIVERSE
    origin = RTPROT_KERNEL, scope, RTN_UNICAST
    message = RTMSG.pack(family, bits, 0, 0, RT_TABLE_MAIN, *origin, 0)
    message += nlattr.pack_u32(RTA_TABLE, RT_TABLE_MAIN)
    message += nlattr.pack(RTA_DST, network)
    message += nlattr.pack_u32(RTA_PRIORITY, metric) if metric else b""
    return message + nlattr.pack_u32(RTA_OIF, index)


def is_ipv6_multipath(message: bytes) -> bool:
    """Return whether it is an IPv6 multipath route: the kernel keeps each nexthop as a route."""
    return message[0] == IPV6 and RTA_MULTIPATH in attributes(message)


def split_nexthops(message: bytes) -> Iterator[bytes]:
    """Yield for each nexthop of a route the message of a route that has no other."""
    for kind, at, end in nlattr.attributes(message, RTMSG.size):
        for flags, slot, first, stop in (
            rtnexthops(message, at, end) if kind == RTA_MULTIPATH else ()
        ):
            before, after = message[RTMSG.size : at - nlattr.NLATTR.size], message[(end + 3) & ~3 :]
            way = sorted(
                nlattr.attributes(message, first, stop), key=lambda one: one[0] != RTA_GATEWAY
            )
            hop = [nlattr.pack(kind, message[a:b]) for kind, a, b in way]
            hop.insert(1, nlattr.pack_u32(RTA_OIF, nlattr.u32(message, slot)))
            top = message[:8] + nlattr.U32.pack(message[flags] & KEPT_FLAGS)
            yield top + before + b"".join(hop) + after


def without_dead_nexthops(message: bytes, dead: frozenset[int]) -> bytes:
    """Return the route without its nexthops over these links; the same if none would be left."""
    for kind, at, end in nlattr.attributes(message, RTMSG.size):
        if kind == RTA_MULTIPATH:
            alive = [
                message[flags - 2 : (stop + 3) & ~3]
                for flags, slot, _, stop in rtnexthops(message, at, end)
                if nlattr.u32(message, slot) not in dead
            ]
            rest = message[: at - nlattr.NLATTR.size] + nlattr.pack(RTA_MULTIPATH, b"".join(alive))
            return rest + message[(end + 3) & ~3 :] if alive else message
    return message


def dead_oifs(message: bytes) -> frozenset[int]:
    """Return the links over which this route has a dead nexthop."""
    return frozenset(index for flags, index, _ in nexthops(message) if flags & RTNH_F_DEAD)
