"""Messages of routes: as the kernel makes, shows and compares them."""

from ipaddress import ip_address, ip_network

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.routes import message as rt
from bridgekit.uapi.rtnetlink import (
    RT_SCOPE_HOST,
    RT_SCOPE_LINK,
    RT_SCOPE_UNIVERSE,
    RT_TABLE_LOCAL,
    RT_TABLE_MAIN,
    RTA_DST,
    RTA_GATEWAY,
    RTA_NH_ID,
    RTA_OIF,
    RTA_PREF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_TABLE,
    RTN_LOCAL,
    RTN_UNICAST,
    RTPROT_KERNEL,
)

METRIC6 = 1024
"""IP6_RT_PRIO_USER (net/ip6_route.h): the metric of an IPv6 route that names none."""


def kernel_route(index: int, dst: str, kind: int, metric: int = 0, source: str = "") -> bytes:
    """A route that the kernel makes by itself, as it dumps it."""
    net = ip_network(dst)
    main = kind == RTN_UNICAST
    scope = RT_SCOPE_UNIVERSE
    if net.version == 4:
        scope = RT_SCOPE_HOST if kind == RTN_LOCAL else RT_SCOPE_LINK
    table = RT_TABLE_MAIN if main else RT_TABLE_LOCAL
    family = IPV4 if net.version == 4 else IPV6
    parts = [
        rt.RTMSG.pack(family, net.prefixlen, 0, 0, table, RTPROT_KERNEL, scope, kind, 0),
        nlattr.pack_u32(RTA_TABLE, table),
        nlattr.pack(RTA_DST, net.network_address.packed),
        nlattr.pack_u32(RTA_PRIORITY, metric) if metric or family == IPV6 else b"",
        nlattr.pack(RTA_PREFSRC, ip_address(source).packed) if source else b"",
        nlattr.pack_u32(RTA_OIF, index),
        nlattr.pack(RTA_PREF, b"\0") if family == IPV6 else b"",
    ]
    return b"".join(parts)


def is_host4(message: bytes) -> bool:
    return message[0] == IPV4 and rt.header(message).scope == RT_SCOPE_HOST


def source_of(message: bytes) -> bytes:
    return rt.attributes(message).get(RTA_PREFSRC, b"")


def oifs_of(message: bytes) -> set[int]:
    return {nlattr.u32(message, slot) for slot in rt.oif_offsets(message)}


def moved(message: bytes, numbers: dict[int, int]) -> bytes:
    for slot in rt.oif_offsets(message):
        index = nlattr.u32(message, slot)
        message = nlattr.patch_u32(message, slot, numbers.get(index, index))
    return message


def hops_of(message: bytes) -> list[tuple[int, bytes]]:
    return [(index, found.get(RTA_GATEWAY, b"")) for _, index, found in rt.nexthops(message)]


def nexthop_id(message: bytes) -> int:
    return nlattr.u32(rt.attributes(message).get(RTA_NH_ID, bytes(4)), 0)


def as_dumped(message: bytes) -> bytes:
    """The kernel shows of an IPv6 route its metric and preference, also where none was given."""
    found = rt.attributes(message)
    if message[0] == IPV6 and RTA_PRIORITY not in found:
        message += nlattr.pack_u32(RTA_PRIORITY, METRIC6)
    return message + (
        nlattr.pack(RTA_PREF, b"\0") if message[0] == IPV6 and RTA_PREF not in found else b""
    )


def matches(one: bytes, asked: bytes) -> bool:
    """What the kernel compares when a route is deleted (fib_table_delete, ip6_route_del)."""
    if rt.fib_key(one) != rt.fib_key(asked) or hops_of(one) != hops_of(asked):
        return False
    top, wanted = rt.header(one), rt.header(asked)
    if nexthop_id(one) != nexthop_id(asked) or top.protocol != wanted.protocol:
        return False
    if one[0] == IPV6:
        return True
    same_kind = (top.type, top.scope) == (wanted.type, wanted.scope)
    return same_kind and source_of(asked) in (b"", source_of(one))
