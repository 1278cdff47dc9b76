"""From two states of the host to the operations between them, in the order that loses no packet.

Make before break: the bridge stands ready with every address before the NIC becomes its port,
the routes follow when it can carry them, and only then the NIC's own are removed
(docs/adr/0002-make-before-break.md).
"""

from collections.abc import Iterator

from bridgekit.planning import route_planner
from bridgekit.planning.intent import Intent
from bridgekit.planning.operations import (
    AddAddresses,
    AddNeighbours,
    AddStaticMacs,
    ChangeBridge,
    CreateBridge,
    Operation,
    RemoveAddresses,
    RemoveNeighbours,
    RemoveStaticMacs,
    SetAddrGenMode,
    SetController,
    SetLro,
    SetRules,
    SetSysctl,
    SetUp,
    StartClient,
    StopClient,
    inverted,
)
from bridgekit.planning.target_state import QUIET, target_state
from bridgekit.state.address import Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import BridgeSettings, Link, PortOptions
from bridgekit.state.network_state import NetworkState, default_sysctls, in_creation_order, without
from bridgekit.state.routes.message import is_link_multicast
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import Rule
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_NONE


def plan_operations(snapshot: NetworkState, intent: Intent) -> tuple[Operation, ...]:
    """Return the operations; going back is coming from the wished-for state, inverted.

    The snapshot must have passed preflight.
    """
    wished = target_state(snapshot, intent)
    if intent.direction == "unbridge":
        return inverted(tuple(_moves(wished, snapshot, intent.nic, intent.bridge)))
    return tuple(_moves(snapshot, wished, intent.nic, intent.bridge))


def _moves(before: NetworkState, after: NetworkState, nic: str, bridge: str) -> Iterator[Operation]:
    """From the state where the NIC has everything to the one where the bridge has it."""
    free, port, made = before.link(nic), after.link(nic), after.link(bridge)
    assert free and port and made, "preflight lets no plan be made for links that are not there"
    addresses = in_creation_order(_moving(before, after, nic, bridge))
    neighbours = before.neighbours_on(nic)
    kept = after.static_macs_on(nic)
    macs = tuple(entry for entry in before.static_macs_on(nic) if entry not in kept)
    routes = route_planner.route_moves(without(before, bridge), nic, addresses)
    settings = _bridge_settings(before, after, bridge)
    clients = tuple(_clients(before, after, nic, bridge))

    yield from (StopClient(old, new) for old, new in clients)
    yield from _ready_bridge(before, made)
    yield from (SetSysctl(key, fresh, during) for key, fresh, during, _ in settings)
    was_up = before.link(bridge)
    if not (was_up and was_up.up):
        yield SetUp(bridge, True)
    there = tuple(address.on(bridge) for address in addresses)
    brought = _with_multicast(before, routes.connected, nic, bridge).renamed(nic, bridge)
    if there or len(brought):
        yield AddAddresses(bridge, there, brought)
    if free.lro != port.lro:
        yield SetLro(nic, port.lro)
    yield SetController(nic, None, bridge, port.port or PortOptions())
    if macs:  # not before: a port that joins loses what its bridge has too (br_fdb_unsync_static)
        yield AddStaticMacs(bridge, tuple(entry.on(bridge) for entry in macs))
    if neighbours:  # not before: a bridge without a carrier, even for a moment, forgets them
        yield AddNeighbours(bridge, tuple(entry.on(bridge) for entry in neighbours))
    hops = tuple(hop for hop in before.nexthops if hop.link == nic)
    yield from route_planner.operations(routes, hops, nic, bridge)
    yield from _rules(before, nic, bridge)
    if neighbours:
        yield RemoveNeighbours(nic, neighbours)
    if macs:
        yield RemoveStaticMacs(nic, macs)
    yield from _port_settings(before, after, nic, quiet=True)
    if addresses:
        yield RemoveAddresses(nic, addresses, routes.connected)
    yield from _quiet_port(before, after, free, port, bridge)
    yield from _addrgenmode(bridge, IN6_ADDR_GEN_MODE_NONE, made.addrgenmode)
    yield from (SetSysctl(k, during, final) for k, _, during, final in settings if during != final)
    yield from (StartClient(new, old) for old, new in clients)


def _moving(
    before: NetworkState, after: NetworkState, nic: str, bridge: str
) -> tuple[Address, ...]:
    """A port that nobody made so may keep a link-local address of its own."""
    there = {(address.ip, address.prefixlen) for address in after.addresses_on(bridge)}
    return tuple(a for a in before.addresses_on(nic) if (a.ip, a.prefixlen) in there)


def _clients(
    before: NetworkState, after: NetworkState, nic: str, bridge: str
) -> Iterator[tuple[DhcpClient, DhcpClient]]:
    """Each DHCP client that moves, as it is on the NIC and as it is on the bridge."""
    old = (client for client in before.clients_on(nic) if client not in after.clients)
    new = (client for client in after.clients_on(bridge) if client not in before.clients)
    return zip(old, new, strict=True)


def _ready_bridge(before: NetworkState, made: Link) -> Iterator[Operation]:
    """A bridge with the settings wished for and no IPv6 link-local address of its own."""
    there, wanted = before.link(made.name), BridgeSettings.of(made)
    if there is None:
        yield CreateBridge(made.name, wanted)
        return
    yield from _addrgenmode(made.name, there.addrgenmode, IN6_ADDR_GEN_MODE_NONE)
    own = in_creation_order(before.addresses_on(made.name))
    if own:
        yield RemoveAddresses(made.name, own, route_planner.connected(before, made.name, own))
    if BridgeSettings.of(there) != wanted:
        yield ChangeBridge(made.name, BridgeSettings.of(there), wanted)


def _with_multicast(before: NetworkState, connected: RouteSet, nic: str, bridge: str) -> RouteSet:
    """With the multicast route that comes with IPv6, where the bridge has not got its own."""
    routes = before.routes.where(is_link_multicast)
    if len(routes.on_link(bridge)):
        return connected
    return RouteSet(connected.names, connected.messages + routes.on_link(nic).messages)


def _quiet_port(
    before: NetworkState, after: NetworkState, free: Link, port: Link, bridge: str
) -> Iterator[Operation]:
    """A port must not take addresses of its own from router advertisements or link changes.

    One that nobody made so may have a link-local address of its own.
    """
    yield from _addrgenmode(port.name, free.addrgenmode, IN6_ADDR_GEN_MODE_NONE)
    yield from _port_settings(before, after, port.name, quiet=False)
    held = after.addresses_on(port.name)
    gone = {address.ip for address in _moving(before, after, port.name, bridge)}
    own = in_creation_order(tuple(address for address in held if address.ip in gone))
    connected = route_planner.connected(after, port.name, held)
    if own or len(connected):
        yield AddAddresses(port.name, own, connected)
    yield from _addrgenmode(port.name, IN6_ADDR_GEN_MODE_NONE, port.addrgenmode)


def _port_settings(
    before: NetworkState, after: NetworkState, port: str, quiet: bool
) -> Iterator[Operation]:
    """The quiet ones go before the addresses, and on the way back they come after them."""
    old, new = before.sysctls_of(port), after.sysctls_of(port)
    for key in sorted(old.keys() & new.keys()):
        if old[key] != new[key] and (key in QUIET) == quiet:
            yield SetSysctl(key.format(port), old[key], new[key])


def _addrgenmode(link: str, old: int | None, new: int | None) -> Iterator[Operation]:
    if old is not None and new is not None and old != new:
        yield SetAddrGenMode(link, old, new)


def _rules(snapshot: NetworkState, nic: str, bridge: str) -> Iterator[Operation]:
    groups: dict[tuple[int, int], list[Rule]] = {}
    for rule in snapshot.rules:
        groups.setdefault((rule.family, rule.priority), []).append(rule)
    ours = [group for group in groups.values() if any(rule.names(nic) for rule in group)]
    rules = tuple(rule for group in ours for rule in group)
    if rules:
        yield SetRules(rules, tuple(rule.renamed(nic, bridge) for rule in rules))


def _bridge_settings(
    before: NetworkState, after: NetworkState, bridge: str
) -> tuple[tuple[str, str, str, str], ...]:
    """Return (key, old, during the move, final) for each setting that is ever written.

    During the move the bridge makes no addresses of its own, and its rp_filter is loose where it
    would be strict: with the addresses on the bridge and the routes still on the NIC, a strict one
    drops what arrives.
    """
    old = before.sysctls_of(bridge) if before.link(bridge) else default_sysctls(before)
    final = after.sysctls_of(bridge)
    rows = []
    for pattern in sorted(final.keys() & old.keys()):
        during = final[pattern]
        if pattern in QUIET:
            during = "0"
        if pattern == "net/ipv4/conf/{}/rp_filter":
            everywhere = before.sysctl("net/ipv4/conf/all/rp_filter") or "0"
            during = "2" if "1" in (everywhere, during) else during
        if not old[pattern] == during == final[pattern]:
            rows.append((pattern.format(bridge), old[pattern], during, final[pattern]))
    return tuple(rows)
