"""The routes of a link, by the way in which they move to another link.

The kernel replaces the first route of a key, whichever link it is over; so only a route of ours
that is the first one is replaced in place (docs/adr/0003-replace-only-the-first.md).
"""

from collections.abc import Iterator
from enum import Enum, auto
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import (
    CONNECTED_METRIC,
    attributes,
    connected_route,
    destination,
    fib_key,
    has_gateway,
    header,
    is_link_local,
    is_link_multicast,
    replace_key,
    table_of,
)
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import (
    RT_TABLE_LOCAL,
    RTA_DST,
    RTA_NH_ID,
    RTA_PRIORITY,
    RTN_ANYCAST,
    RTN_BROADCAST,
    RTN_LOCAL,
    RTN_MULTICAST,
    RTN_UNICAST,
    RTPROT_KERNEL,
)

LOCAL_TYPES = (RTN_LOCAL, RTN_BROADCAST, RTN_ANYCAST, RTN_MULTICAST)
FALLBACK_METRIC = 2**31
"""Behind every other route of its destination, and used by nobody else."""

_ConnectedKey = tuple[int, bytes, int, int]
"""Family, network, prefix length and metric of a route that the kernel adds with an address."""


class RouteMoves(Struct, frozen=True):
    """The routes of a link by the way in which they move."""

    connected: RouteSet
    """Added and removed by the kernel with the addresses."""
    kernel_connected: RouteSet
    """Those of them that are the first of their key, and so have to be exchanged.

    Of the table local only those that compete with another link's: elsewhere their order does not
    matter.
    """
    primary: RouteSet
    """The first of their key: replaced in place."""
    shadowed: RouteSet
    """Behind another route of the same key: added and removed."""
    shadowing_others: RouteSet
    """Other links' routes behind one of those: removed for a moment, so that they stay behind."""
    missing_connected: RouteSet
    """What the kernel adds with an address and the host has not, because someone removed it."""
    gateway_host_routes: RouteSet
    """Host routes to gateways that are on-link nowhere: the kernel refuses routes via those."""
    fallback_link_local: RouteSet
    """Stand in for fe80::/64 while it is exchanged: other links have that route, too."""


class _Kind(Enum):
    CONNECTED = auto()
    CONNECTED_SHADOWED = auto()
    LOCAL = auto()
    PRIMARY = auto()
    SHADOWED = auto()


def connected_routes(snapshot: NetworkState, link: str, addresses: tuple[Address, ...]) -> RouteSet:
    """Return the link's routes that the kernel adds and removes with these addresses."""
    keys = _connected_keys(addresses)
    return snapshot.routes.where(
        lambda m: _connected_key(m) in keys and link in snapshot.routes.links(m)
    )


def route_moves(snapshot: NetworkState, nic: str, addresses: tuple[Address, ...]) -> RouteMoves:
    """Return the NIC's routes by the way in which they move together with these addresses."""
    routes, keys = snapshot.routes, _connected_keys(addresses)
    classified = tuple(_classify(routes, nic, keys))

    def of(*kinds: _Kind) -> RouteSet:
        messages = (message for kind, message in classified if kind in kinds)
        return RouteSet(routes.names, tuple(sorted(messages, key=has_gateway)))

    connected, exchanged = of(_Kind.CONNECTED, _Kind.CONNECTED_SHADOWED), of(_Kind.CONNECTED)
    shadowed = of(_Kind.SHADOWED)
    blocks = tuple(block for block in routes.blocks if nic in routes.links(block.sample))
    return RouteMoves(
        connected=connected,
        kernel_connected=replace(exchanged, messages=exchanged.messages + of(_Kind.LOCAL).messages),
        primary=replace(of(_Kind.PRIMARY), blocks=blocks),
        shadowed=shadowed,
        shadowing_others=_shadowing_others(routes, nic, shadowed),
        missing_connected=_connected(
            routes, nic, keys - set(map(_connected_key, connected.messages))
        ),
        gateway_host_routes=_gateway_host_routes(snapshot, nic, addresses),
        fallback_link_local=_fallback_link_local(exchanged, nic),
    )


def _classify(
    routes: RouteSet, nic: str, connected: set[_ConnectedKey | None]
) -> Iterator[tuple[_Kind, bytes]]:
    """Yield each of the NIC's routes that moves by itself; those with a nexthop object do not."""
    keys = [replace_key(message) for message in routes.messages]
    ours = [nic in routes.links(message) for message in routes.messages]
    first = {key: position for position, key in reversed(tuple(enumerate(keys)))}
    contested = {key for key, is_ours in zip(keys, ours, strict=True) if not is_ours}
    for position in (position for position, is_ours in enumerate(ours) if is_ours):
        message, key = routes.messages[position], keys[position]
        is_first = first[key] == position
        if _is_kernel_local(message):
            if header(message).family == IPV4 and is_first and key in contested:
                yield _Kind.LOCAL, message
        elif RTA_NH_ID in attributes(message):
            continue
        elif _connected_key(message) in connected:
            yield (_Kind.CONNECTED if is_first else _Kind.CONNECTED_SHADOWED), message
        else:
            yield (_Kind.PRIMARY if is_first else _Kind.SHADOWED), message


def _shadowing_others(routes: RouteSet, nic: str, shadowed: RouteSet) -> RouteSet:
    """Return other links' routes that are behind one of ours, which is itself behind another.

    So they are never the first of their key: no packet misses them while they are removed.
    """
    ours = set(shadowed.messages)
    passed: set[object] = set()
    others = []
    for message in routes.messages if ours else ():
        if message in ours:
            passed.add(fib_key(message))
        elif fib_key(message) in passed and nic not in routes.links(message):
            others.append(message)
    return RouteSet(routes.names, tuple(others))


def _connected(routes: RouteSet, nic: str, keys: set[_ConnectedKey | None]) -> RouteSet:
    index = _index(routes, nic)
    return RouteSet(
        routes.names, tuple(sorted(connected_route(index, *key) for key in keys if key))
    )


def _fallback_link_local(connected: RouteSet, nic: str) -> RouteSet:
    """Return fallbacks for link-local networks: the kernel looks for those over that very link."""
    networks = (destination(message) for message in connected.messages if is_link_local(message))
    keys = ((IPV6, net.network_address.packed, net.prefixlen, FALLBACK_METRIC) for net in networks)
    index = _index(connected, nic)
    return RouteSet(connected.names, tuple(connected_route(index, *key) for key in keys))


def _gateway_host_routes(
    snapshot: NetworkState, nic: str, addresses: tuple[Address, ...]
) -> RouteSet:
    """Return a host route for each gateway over the NIC that is in no connected network."""
    routes = snapshot.routes.on_link(nic)
    on_link = {network for address in addresses for network in address.connected}
    on_link |= {
        destination(m)
        for m in routes.messages
        if not has_gateway(m) and header(m).type == RTN_UNICAST
    }
    gateways = {hop.gateway for hop in snapshot.nexthops if hop.link == nic and hop.gateway}
    for message in routes.representatives():
        gateways |= {packed for packed, onlink in routes.gateways(message, nic) if not onlink}
    far = {ip_address(p) for p in gateways if not any(ip_address(p) in net for net in on_link)}
    keys: set[_ConnectedKey | None] = {
        (IPV4 if ip.version == 4 else IPV6, ip.packed, ip.max_prefixlen, 0)
        for ip in far
        if not ip.is_link_local or ip.version == 4
    }
    return _connected(routes, nic, keys)


def _index(routes: RouteSet, link: str) -> int:
    return next(index for index, name in routes.names if name == link)


def _is_kernel_local(message: bytes) -> bool:
    """Return whether the kernel adds this route of the table local for every address or link."""
    top = header(message)
    local = top.protocol == RTPROT_KERNEL and table_of(message) == RT_TABLE_LOCAL
    return local and (top.type in LOCAL_TYPES or is_link_multicast(message))


def _connected_keys(addresses: tuple[Address, ...]) -> set[_ConnectedKey | None]:
    return {
        (address.family, network.network_address.packed, network.prefixlen, metric)
        for address in addresses
        for network in address.connected
        for metric in (address.metric or CONNECTED_METRIC[address.family],)
    }


def _connected_key(message: bytes) -> _ConnectedKey | None:
    """Return what identifies a connected route; None for a route that is none."""
    top, found = header(message), attributes(message)
    if top.protocol != RTPROT_KERNEL or has_gateway(message):
        return None
    default = ip_address("::" if top.family == IPV6 else "0.0.0.0").packed
    metric = nlattr.u32(found[RTA_PRIORITY], 0) if RTA_PRIORITY in found else 0
    return top.family, found.get(RTA_DST, default), top.dst_len, metric
