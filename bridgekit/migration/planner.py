"""From a snapshot and an intent to the operations, in the order that loses no packet.

Make before break: the bridge stands ready with every address before the NIC becomes its port,
the routes follow when it can carry them, and only then the NIC's own are removed
(docs/adr/0002-make-before-break.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from bridgekit.migration.expectation import unbridged
from bridgekit.migration.intent import Intent
from bridgekit.migration.operations import (
    AddAddresses,
    AddNeighbours,
    AddRoutes,
    BridgeSettings,
    CreateBridge,
    Operation,
    RemoveAddresses,
    RemoveNeighbours,
    RemoveRoutes,
    ReplaceRoutes,
    RetargetNexthops,
    SetAddrGenMode,
    SetController,
    SetRules,
    SetSysctl,
    SetUp,
    inverted,
)
from bridgekit.model import wire
from bridgekit.model.addresses import IPV4, IPV6, Address
from bridgekit.model.links import BridgeOptions, Link
from bridgekit.model.routes import (
    DST,
    KERNEL_MADE,
    LOCAL_TABLE,
    NH_ID,
    PRIORITY,
    RouteSet,
    connected_route,
    fields,
    has_gateway,
    head,
    is_link_multicast,
    key,
    table,
)
from bridgekit.model.rules import Rule
from bridgekit.model.snapshot import Snapshot, fresh_settings, in_creation_order

NO_LINK_LOCAL = 1
LOCAL_TYPES = frozenset({2, 3, 4, 5})
"""local, broadcast, anycast, multicast"""
OWN_METRIC = {IPV4: 0, IPV6: 256}
"""The metric of a connected route whose address names none."""


def planned(snapshot: Snapshot, intent: Intent) -> tuple[Operation, ...]:
    """Return the operations; undoing a migration is doing it from the wished-for state, inverted.

    The snapshot must have passed preflight.
    """
    if intent.direction == "unbridge":
        wished = unbridged(snapshot, intent)
        return inverted(tuple(_bridge(wished, intent)))
    return tuple(_bridge(snapshot, intent))


@dataclass(frozen=True, slots=True)
class _Routes:
    """The NIC's routes by the way they travel."""

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
    surplus: RouteSet
    """What an address would bring but the host has not, because someone removed it."""


def _bridge(snapshot: Snapshot, intent: Intent) -> Iterator[Operation]:
    nic = snapshot.link(intent.nic)
    assert nic is not None, "preflight lets no plan be made for a NIC that is not there"
    bridge = intent.bridge
    addresses = in_creation_order(snapshot.addresses_on(nic.name))
    neighbours = snapshot.neighbours_on(nic.name)
    routes = _sorted_out(snapshot, nic.name, addresses)
    settings = _bridge_settings(snapshot, nic.name, bridge)

    yield CreateBridge(bridge, _bridge_like(nic, intent.options))
    yield from (SetSysctl(key, fresh, during) for key, fresh, during, _ in settings)
    yield SetUp(bridge, True)
    if addresses:
        there = tuple(address.on(bridge) for address in addresses)
        yield AddAddresses(bridge, there, routes.connected.renamed(nic.name, bridge))
    yield SetController(nic.name, None, bridge)
    if neighbours:  # not before: a bridge without a carrier, even for a moment, forgets them
        yield AddNeighbours(bridge, tuple(entry.on(bridge) for entry in neighbours))
    yield from _route_moves(routes, nic.name, bridge)
    yield from _nexthops_and_rules(snapshot, nic.name, bridge)
    if neighbours:
        yield RemoveNeighbours(nic.name, neighbours)
    if addresses:
        yield RemoveAddresses(nic.name, addresses, routes.connected)
    yield from _quiet_port(snapshot, nic)
    if nic.addrgenmode not in (None, NO_LINK_LOCAL):
        yield SetAddrGenMode(bridge, NO_LINK_LOCAL, nic.addrgenmode or 0)
    yield from (SetSysctl(k, during, final) for k, _, during, final in settings if during != final)


def _route_moves(routes: _Routes, nic: str, bridge: str) -> Iterator[Operation]:
    """The bridge's connected routes stand behind the NIC's: they change places.

    The kernel refuses to replace a route by one that exists already, so the bridge's own goes
    first. Afterwards the NIC's stands last, until its address takes it away: so the way back is
    the same, and the connected routes have moved before the port is freed.
    """
    if len(routes.surplus):  # gateways may lean on it while their routes move
        yield AddRoutes(routes.surplus)
    twins = routes.twins
    moved = RouteSet(routes.first.names, twins.messages + routes.first.messages)
    if len(twins):
        yield RemoveRoutes(twins.renamed(nic, bridge))
    if len(moved):
        yield ReplaceRoutes(moved, moved.renamed(nic, bridge))
    if len(twins):
        yield AddRoutes(twins)
    if len(routes.behind):
        yield AddRoutes(routes.behind.renamed(nic, bridge))
        yield RemoveRoutes(routes.behind)
    if len(routes.surplus):
        yield RemoveRoutes(routes.surplus.renamed(nic, bridge))


def _nexthops_and_rules(snapshot: Snapshot, nic: str, bridge: str) -> Iterator[Operation]:
    hops = tuple(hop for hop in snapshot.nexthops if hop.link == nic)
    if hops:
        yield RetargetNexthops(hops, nic, bridge)
    groups: dict[tuple[int, int], list[Rule]] = {}
    for rule in snapshot.rules:
        groups.setdefault((rule.family, rule.priority), []).append(rule)
    for rules in groups.values():
        if any(rule.names(nic) for rule in rules):
            yield SetRules(tuple(rules), tuple(rule.renamed(nic, bridge) for rule in rules))


def _bridge_like(nic: Link, options: BridgeOptions) -> BridgeSettings:
    return BridgeSettings(nic.mac, nic.mtu, options, nic.qlen, nic.group, nic.alias)


def _quiet_port(snapshot: Snapshot, nic: Link) -> Iterator[Operation]:
    """A port must not take addresses of its own from router advertisements or link changes."""
    if nic.addrgenmode not in (None, NO_LINK_LOCAL):
        yield SetAddrGenMode(nic.name, nic.addrgenmode or 0, NO_LINK_LOCAL)
    key = f"net/ipv6/conf/{nic.name}/accept_ra"
    value = snapshot.sysctl(key)
    if value not in (None, "0"):
        yield SetSysctl(key, value or "", "0")


def _sorted_out(snapshot: Snapshot, nic: str, addresses: tuple[Address, ...]) -> _Routes:
    brought: set[tuple[int, bytes, int, int] | None]
    brought = {route for address in addresses for route in _brought(address)}
    firsts: dict[object, int] = {}
    others: set[object] = set()
    ours: list[tuple[int, bytes]] = []
    by_kernel: list[tuple[int, bytes]] = []
    for position, message in enumerate(snapshot.routes.messages):
        firsts.setdefault(key(message), position)
        if nic not in snapshot.routes.links(message):
            others.add(key(message))
        elif _of_the_kernel_alone(message):
            by_kernel.append((position, message))
        elif NH_ID not in fields(message):
            ours.append((position, message))

    def chosen(connected: bool, first: bool | None = None) -> RouteSet:
        found = [
            message
            for position, message in ours
            if (_as_brought(message) in brought) == connected
            and first in (None, firsts[key(message)] == position)
        ]
        return RouteSet(snapshot.routes.names, tuple(sorted(found, key=has_gateway)))

    competing = tuple(
        message
        for position, message in by_kernel
        if head(message).family == IPV4
        and key(message) in others
        and firsts[key(message)] == position
    )
    twins = chosen(connected=True, first=True)
    return _Routes(
        connected=chosen(connected=True),
        twins=RouteSet(twins.names, twins.messages + competing),
        first=chosen(connected=False, first=True),
        behind=chosen(connected=False, first=False),
        surplus=_surplus(snapshot, nic, brought - {_as_brought(message) for _, message in ours}),
    )


def _surplus(
    snapshot: Snapshot, nic: str, missing: set[tuple[int, bytes, int, int] | None]
) -> RouteSet:
    index = next(number for number, name in snapshot.routes.names if name == nic)
    made = (connected_route(index, *what) for what in missing if what)
    return RouteSet(snapshot.routes.names, tuple(sorted(made)))


def _of_the_kernel_alone(message: bytes) -> bool:
    """Routes of the local table that the kernel makes for every address and every link."""
    top = head(message)
    made = top.protocol == KERNEL_MADE and table(message) == LOCAL_TABLE
    return made and (top.type in LOCAL_TYPES or is_link_multicast(message))


def _brought(address: Address) -> Iterator[tuple[int, bytes, int, int]]:
    metric = address.metric or OWN_METRIC[address.family]
    for network in address.connected:
        yield address.family, network.network_address.packed, network.prefixlen, metric


def _as_brought(message: bytes) -> tuple[int, bytes, int, int] | None:
    top, found = head(message), fields(message)
    if top.protocol != KERNEL_MADE or has_gateway(message):
        return None
    everything = ip_address("::" if top.family == IPV6 else "0.0.0.0").packed
    metric = wire.u32(found[PRIORITY], 0) if PRIORITY in found else 0
    return top.family, found.get(DST, everything), top.dst_len, metric


def _bridge_settings(
    snapshot: Snapshot, nic: str, bridge: str
) -> tuple[tuple[str, str, str, str], ...]:
    """Return (key, fresh, during the move, final) for each setting that is ever written.

    During the move the bridge takes no router advertisements, and its rp_filter is loose where it
    would be strict: with the addresses on the bridge and the routes still on the NIC, a strict one
    drops what arrives.
    """
    fresh = fresh_settings(snapshot)
    final = snapshot.sysctls_of(nic)
    rows = []
    for pattern in sorted(final.keys() & fresh.keys()):
        during = final[pattern]
        if pattern == "net/ipv6/conf/{}/accept_ra":
            during = "0"
        if pattern == "net/ipv4/conf/{}/rp_filter":
            everywhere = snapshot.sysctl("net/ipv4/conf/all/rp_filter") or "0"
            during = "2" if "1" in (everywhere, during) else during
        if not fresh[pattern] == during == final[pattern]:
            rows.append((pattern.format(bridge), fresh[pattern], during, final[pattern]))
    return tuple(rows)
