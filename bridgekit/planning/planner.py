"""From two states of the host to the operations between them, in the order that loses no packet.

Make before break: the bridge stands ready with every address before the NIC becomes its port,
the routes follow when it can carry them, and only then the NIC's own are removed
(docs/adr/0002-make-before-break.md).
"""

from collections.abc import Iterator

from bridgekit.planning.intent import Intent
from bridgekit.planning.move import Move, moving_state
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
    SetLinkDns,
    SetLro,
    SetRules,
    SetSysctl,
    SetUnmanaged,
    SetUp,
    StartClient,
    StopClient,
    inverted,
)
from bridgekit.planning.route_moves import connected_routes
from bridgekit.planning.route_planner import plan_routes
from bridgekit.planning.target_state import ADDRESS_SYSCTLS, target_state
from bridgekit.state.link import BridgeSettings, PortOptions
from bridgekit.state.network_state import NetworkState, in_creation_order
from bridgekit.state.routes.message import is_link_multicast
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import Rule
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_NONE


def plan_operations(snapshot: NetworkState, intent: Intent) -> tuple[Operation, ...]:
    """Return the operations that lead from this state to the intent's target state.

    A rollback is the move from the target state to this one, inverted. The snapshot must have
    passed the checks.
    """
    target = target_state(snapshot, intent)
    if intent.direction == "unbridge":
        return inverted(tuple(_plan_move(target, snapshot, intent)))
    return tuple(_plan_move(snapshot, target, intent))


def _plan_move(before: NetworkState, after: NetworkState, intent: Intent) -> Iterator[Operation]:
    """Yield what leads from the NIC having everything to the bridge having it."""
    move = moving_state(before, after, intent.nic, intent.bridge)
    yield from (StopClient(old, new) for old, new in move.clients)
    unmanage = intent.force and _owned_by_networkd(before, intent)
    if unmanage:
        yield SetUnmanaged(intent.bridge, (intent.bridge,), ())
    yield from _prepare_bridge(move)
    yield from _add_addresses(move)
    yield from _make_port(move)
    yield from _move_routes(move)
    yield from _clear_port(move)
    yield from _finish_bridge(move)
    if unmanage:
        yield SetUnmanaged(intent.bridge, intent.links, intent.links)
    yield from (StartClient(new, old) for old, new in move.clients)


def _owned_by_networkd(before: NetworkState, intent: Intent) -> bool:
    """Return whether networkd manages the NIC, or did before the migration that is rolled back."""
    rollback = intent.direction == "unbridge"
    managers = intent.preserved.managers if rollback else before.managers
    return any(manager.program in ("networkd", "netplan") for manager in managers)


def _prepare_bridge(move: Move) -> Iterator[Operation]:
    """Make the bridge, or give an existing one the NIC's options and no address of its own."""
    name, settings = move.bridge.name, BridgeSettings.of(move.bridge)
    existing = move.before.link(name)
    if existing is None:
        yield CreateBridge(name, settings)
    else:
        yield from _set_addrgenmode(name, existing.addrgenmode, IN6_ADDR_GEN_MODE_NONE)
        own = in_creation_order(move.before.addresses_on(name))
        if own:
            yield RemoveAddresses(name, own, connected_routes(move.before, name, own))
        if BridgeSettings.of(existing) != settings:
            yield ChangeBridge(name, BridgeSettings.of(existing), settings)
    yield from (SetSysctl(item.key, item.before, item.during) for item in move.sysctls)
    if not (existing and existing.up):
        yield SetUp(name, True)


def _add_addresses(move: Move) -> Iterator[Operation]:
    nic, bridge = move.nic.name, move.bridge.name
    addresses = tuple(address.on(bridge) for address in move.addresses)
    connected = _with_multicast(move).renamed(nic, bridge)
    if addresses or len(connected):
        yield AddAddresses(bridge, addresses, connected)


def _with_multicast(move: Move) -> RouteSet:
    """Return the connected routes, and ff00::/8 unless the bridge has its own already."""
    connected, routes = move.routes.connected, move.before.routes.where(is_link_multicast)
    if len(routes.on_link(move.bridge.name)):
        return connected
    multicast = routes.on_link(move.nic.name)
    return RouteSet(connected.names, connected.messages + multicast.messages)


def _make_port(move: Move) -> Iterator[Operation]:
    nic, bridge = move.nic.name, move.bridge.name
    if move.nic.lro != move.port.lro:
        yield SetLro(nic, move.port.lro)
    yield SetController(nic, None, bridge, move.port.port or PortOptions())
    if (
        move.macs
    ):  # not before: a port that joins loses what its bridge has too (br_fdb_unsync_static)
        yield AddStaticMacs(bridge, tuple(entry.on(bridge) for entry in move.macs))
    if move.neighbours:  # not before: a bridge without a carrier, even for a moment, forgets them
        yield AddNeighbours(bridge, tuple(entry.on(bridge) for entry in move.neighbours))
    yield from _set_dns(move, bridge)


def _set_dns(move: Move, link: str) -> Iterator[Operation]:
    """Give a link its DNS settings; while the routes move both links have them."""
    old, new = move.before.dns_settings_of(link), move.after.dns_settings_of(link)
    if old != new:
        yield SetLinkDns(link, old, new)


def _move_routes(move: Move) -> Iterator[Operation]:
    nic, bridge = move.nic.name, move.bridge.name
    nexthops = tuple(hop for hop in move.before.nexthops if hop.link == nic)
    yield from plan_routes(move.routes, nexthops, nic, bridge)
    groups: dict[tuple[int, int], list[Rule]] = {}
    for rule in move.before.rules:
        groups.setdefault((rule.family, rule.priority), []).append(rule)
    ours = [group for group in groups.values() if any(rule.names(nic) for rule in group)]
    rules = tuple(rule for group in ours for rule in group)
    if rules:
        yield SetRules(rules, tuple(rule.renamed(nic, bridge) for rule in rules))


def _clear_port(move: Move) -> Iterator[Operation]:
    """Remove what the port no longer has, and keep it from making addresses of its own."""
    nic = move.nic.name
    yield from _set_dns(move, nic)
    if move.neighbours:
        yield RemoveNeighbours(nic, move.neighbours)
    if move.macs:
        yield RemoveStaticMacs(nic, move.macs)
    yield from _port_sysctls(move, of_addresses=True)
    if move.addresses:
        yield RemoveAddresses(nic, move.addresses, move.routes.connected)
    yield from _set_addrgenmode(nic, move.nic.addrgenmode, IN6_ADDR_GEN_MODE_NONE)
    yield from _port_sysctls(move, of_addresses=False)
    yield from _readd_port_addresses(move)
    yield from _set_addrgenmode(nic, IN6_ADDR_GEN_MODE_NONE, move.port.addrgenmode)


def _readd_port_addresses(move: Move) -> Iterator[Operation]:
    """Give the port the link-local address again that one made by others may have of its own."""
    nic = move.nic.name
    addresses = move.after.addresses_on(nic)
    moved = {address.ip for address in move.addresses}
    own = in_creation_order(tuple(address for address in addresses if address.ip in moved))
    connected = connected_routes(move.after, nic, addresses)
    if own or len(connected):
        yield AddAddresses(nic, own, connected)


def _port_sysctls(move: Move, of_addresses: bool) -> Iterator[Operation]:
    """Set those that make addresses before the addresses go; at a rollback they come after."""
    nic = move.nic.name
    old, new = move.before.sysctls_of(nic), move.after.sysctls_of(nic)
    for key in sorted(old.keys() & new.keys()):
        if old[key] != new[key] and (key in ADDRESS_SYSCTLS) == of_addresses:
            yield SetSysctl(key.format(nic), old[key], new[key])


def _finish_bridge(move: Move) -> Iterator[Operation]:
    yield from _set_addrgenmode(move.bridge.name, IN6_ADDR_GEN_MODE_NONE, move.bridge.addrgenmode)
    for item in move.sysctls:
        if item.during != item.after:
            yield SetSysctl(item.key, item.during, item.after)


def _set_addrgenmode(link: str, old: int | None, new: int | None) -> Iterator[Operation]:
    if old is not None and new is not None and old != new:
        yield SetAddrGenMode(link, old, new)
