"""How routes travel from one link to another: which are replaced, which are added and removed.

The kernel replaces the first route of a key, whosever it is; so only ours that are first are
replaced (docs/adr/0003-replace-only-the-first.md).
"""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.planning.operations import (
    AddRoutes,
    Operation,
    RemoveRoutes,
    ReplaceRoutes,
    RetargetNexthops,
)
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
from bridgekit.state.rule_nexthop import Nexthop
from bridgekit.uapi.rtnetlink import (
    RT_TABLE_LOCAL,
    RTA_DST,
    RTA_NH_ID,
    RTA_PRIORITY,
    RTN_UNICAST,
    RTPROT_KERNEL,
)

LOCAL_TYPES = frozenset({2, 3, 4, 5})
"""local, broadcast, anycast, multicast"""
COVER_METRIC = 2**31
"""Behind every other route, and nobody's."""

_Brought = tuple[int, bytes, int, int]
"""Family, network, prefix length and metric of a route that comes with an address."""


class RouteMoves(Struct, frozen=True):
    """The routes of a link by the way they travel."""

    connected: RouteSet
    """They come and go with the addresses."""
    twins: RouteSet
    """What the kernel makes for an address, where it is the first of its key.

    Of the local table only what competes with another link's: there order matters to nobody else.
    """
    first: RouteSet
    """The first of their key: replaced in place."""
    behind: RouteSet
    """Behind another route of the same key: added and removed."""
    followers: RouteSet
    """Others' routes behind one of those: lifted off meanwhile, so that they stay behind it."""
    surplus: RouteSet
    """What an address would bring but the host has not, because someone removed it."""
    stones: RouteSet
    """Ways to routers whose networks are gone: the kernel takes no route through such a one."""
    covers: RouteSet
    """Stand in for link-local twins: there another link's route is no way, as it is elsewhere."""


def connected(snapshot: NetworkState, link: str, addresses: tuple[Address, ...]) -> RouteSet:
    """Return the link's routes that come and go with these addresses."""
    brought = _brought_by(addresses)
    return snapshot.routes.where(
        lambda m: _as_brought(m) in brought and link in snapshot.routes.links(m)
    )


def route_moves(snapshot: NetworkState, nic: str, addresses: tuple[Address, ...]) -> RouteMoves:
    """Sort the link's routes; `addresses` are those that travel with them."""
    routes, brought = snapshot.routes, _brought_by(addresses)
    firsts: dict[object, int] = {}
    others: set[object] = set()
    ours: list[tuple[int, bytes]] = []
    by_kernel: list[tuple[int, bytes]] = []
    for position, message in enumerate(routes.messages):
        firsts.setdefault(replace_key(message), position)
        if nic not in routes.links(message):
            others.add(replace_key(message))
        elif _of_the_kernel_alone(message):
            by_kernel.append((position, message))
        elif RTA_NH_ID not in attributes(message):
            ours.append((position, message))

    def chosen(with_address: bool, first: bool | None = None) -> RouteSet:
        found = [
            message
            for position, message in ours
            if (_as_brought(message) in brought) == with_address
            and first in (None, firsts[replace_key(message)] == position)
        ]
        return RouteSet(routes.names, tuple(sorted(found, key=has_gateway)))

    competing = tuple(
        message
        for position, message in by_kernel
        if header(message).family == IPV4
        and replace_key(message) in others
        and firsts[replace_key(message)] == position
    )
    alike = tuple(group for group in routes.blocks if nic in routes.links(group.sample))
    twins = chosen(with_address=True, first=True)
    behind = chosen(with_address=False, first=False)
    return RouteMoves(
        connected=chosen(with_address=True),
        twins=RouteSet(twins.names, twins.messages + competing),
        first=replace(chosen(with_address=False, first=True), blocks=alike),
        behind=behind,
        followers=_followers(routes, nic, behind),
        surplus=_surplus(snapshot, nic, brought - {_as_brought(message) for _, message in ours}),
        stones=_stones(snapshot, nic, addresses),
        covers=_covers(twins, nic),
    )


def operations(
    moves: RouteMoves, nexthops: tuple[Nexthop, ...], nic: str, bridge: str
) -> Iterator[Operation]:
    """The order in which they travel."""
    if len(moves.stones):
        yield AddRoutes(moves.stones)
        yield AddRoutes(moves.stones.renamed(nic, bridge))
    if len(moves.surplus):  # gateways may lean on it while their routes move
        yield AddRoutes(moves.surplus)
    yield from _replaced(moves, nic, bridge)
    if len(moves.followers):
        yield RemoveRoutes(moves.followers)
    if len(moves.behind):
        yield AddRoutes(moves.behind.renamed(nic, bridge))
        yield RemoveRoutes(moves.behind)
    if len(moves.followers):
        yield AddRoutes(moves.followers)
    if nexthops:
        yield RetargetNexthops(nexthops, nic, bridge)
    if len(moves.surplus):
        yield RemoveRoutes(moves.surplus.renamed(nic, bridge))
    if len(moves.stones):
        yield RemoveRoutes(moves.stones.renamed(nic, bridge))
        yield RemoveRoutes(moves.stones)


def _replaced(moves: RouteMoves, nic: str, bridge: str) -> Iterator[Operation]:
    """The bridge's connected routes stand behind the NIC's: they change places.

    The kernel refuses to replace a route by one that exists already, so the bridge's own goes
    first. Afterwards the NIC's stands last, until its address takes it away: so the way back is
    the same, and the connected routes have moved before the port is freed.
    """
    twins, covers = moves.twins, moves.covers.renamed(nic, bridge)
    moved = replace(moves.first, messages=twins.messages + moves.first.messages)
    if len(covers):
        yield AddRoutes(covers)
    if len(twins):
        yield RemoveRoutes(twins.renamed(nic, bridge))
    if len(moved):
        yield ReplaceRoutes(moved, moved.renamed(nic, bridge).names)
    if len(twins):
        yield AddRoutes(twins)
    if len(covers):
        yield RemoveRoutes(covers)


def _covers(twins: RouteSet, nic: str) -> RouteSet:
    """To a link-local address the kernel looks for a route over that very link."""
    index = next(number for number, name in twins.names if name == nic)
    scoped = (destination(message) for message in twins.messages if is_link_local(message))
    made = (
        connected_route(index, IPV6, net.network_address.packed, net.prefixlen, COVER_METRIC)
        for net in scoped
    )
    return RouteSet(twins.names, tuple(made))


def _followers(routes: RouteSet, nic: str, behind: RouteSet) -> RouteSet:
    """They are never the first of their place: what they do meanwhile another does."""
    waiting = set(behind.messages)
    passed: set[object] = set()
    found = []
    for message in routes.messages if waiting else ():
        if message in waiting:
            passed.add(fib_key(message))
        elif fib_key(message) in passed and nic not in routes.links(message):
            found.append(message)
    return RouteSet(routes.names, tuple(found))


def _surplus(snapshot: NetworkState, nic: str, missing: set[_Brought | None]) -> RouteSet:
    index = next(number for number, name in snapshot.routes.names if name == nic)
    made = (connected_route(index, *what) for what in missing if what)
    return RouteSet(snapshot.routes.names, tuple(sorted(made)))


def _stones(snapshot: NetworkState, nic: str, addresses: tuple[Address, ...]) -> RouteSet:
    routes = snapshot.routes.on_link(nic)
    index = next(number for number, name in routes.names if name == nic)
    on_link = {network for address in addresses for network in address.connected}
    on_link |= {
        destination(m)
        for m in routes.messages
        if not has_gateway(m) and header(m).type == RTN_UNICAST
    }
    wanted = {hop.gateway for hop in snapshot.nexthops if hop.link == nic and hop.gateway}
    for message in routes.representatives():
        wanted |= {packed for packed, onlink in routes.gateways(message, nic) if not onlink}
    far = {ip_address(p) for p in wanted if not any(ip_address(p) in net for net in on_link)}
    made = (
        connected_route(index, IPV4 if ip.version == 4 else IPV6, ip.packed, ip.max_prefixlen, 0)
        for ip in far
        if not ip.is_link_local or ip.version == 4
    )
    return RouteSet(routes.names, tuple(sorted(made)))


def _of_the_kernel_alone(message: bytes) -> bool:
    """Routes of the local table that the kernel makes for every address and every link."""
    top = header(message)
    made = top.protocol == RTPROT_KERNEL and table_of(message) == RT_TABLE_LOCAL
    return made and (top.type in LOCAL_TYPES or is_link_multicast(message))


def _brought_by(addresses: tuple[Address, ...]) -> set[_Brought | None]:
    return {route for address in addresses for route in _brought(address)}


def _brought(address: Address) -> Iterator[_Brought]:
    metric = address.metric or CONNECTED_METRIC[address.family]
    for network in address.connected:
        yield address.family, network.network_address.packed, network.prefixlen, metric


def _as_brought(message: bytes) -> _Brought | None:
    top, found = header(message), attributes(message)
    if top.protocol != RTPROT_KERNEL or has_gateway(message):
        return None
    everything = ip_address("::" if top.family == IPV6 else "0.0.0.0").packed
    metric = nlattr.u32(found[RTA_PRIORITY], 0) if RTA_PRIORITY in found else 0
    return top.family, found.get(RTA_DST, everything), top.dst_len, metric
