"""The order in which routes move from one link to another."""

from collections.abc import Iterator

from msgspec.structs import replace

from bridgekit.planning.operations import (
    AddRoutes,
    Operation,
    RemoveRoutes,
    ReplaceRoutes,
    RetargetNexthops,
)
from bridgekit.planning.route_moves import RouteMoves
from bridgekit.state.rule_nexthop import Nexthop


def plan_routes(
    moves: RouteMoves, nexthops: tuple[Nexthop, ...], nic: str, bridge: str
) -> Iterator[Operation]:
    """Yield the operations that move the NIC's routes and nexthop objects to the bridge."""
    gateways, missing = moves.gateway_host_routes, moves.missing_connected
    if len(gateways):
        yield AddRoutes(gateways)
        yield AddRoutes(gateways.renamed(nic, bridge))
    if len(missing):  # gateways may be on-link by it only, while their routes move
        yield AddRoutes(missing)
    yield from _replace(moves, nic, bridge)
    yield from _move_shadowed(moves, nic, bridge)
    if nexthops:
        yield RetargetNexthops(nexthops, nic, bridge)
    if len(missing):
        yield RemoveRoutes(missing.renamed(nic, bridge))
    if len(gateways):
        yield RemoveRoutes(gateways.renamed(nic, bridge))
        yield RemoveRoutes(gateways)


def _replace(moves: RouteMoves, nic: str, bridge: str) -> Iterator[Operation]:
    """Replace the primary routes, and exchange the connected ones.

    The bridge's connected routes are behind the NIC's. The kernel refuses to replace a route by
    one that exists already, so the bridge's own goes first. Afterwards the NIC's is the last,
    until its address takes it away: so the rollback is the same, and the connected routes have
    moved before the port is freed.
    """
    connected = moves.kernel_connected
    fallback = moves.fallback_link_local.renamed(nic, bridge)
    replaced = replace(moves.primary, messages=connected.messages + moves.primary.messages)
    if len(fallback):
        yield AddRoutes(fallback)
    if len(connected):
        yield RemoveRoutes(connected.renamed(nic, bridge))
    if len(replaced):
        yield ReplaceRoutes(replaced, replaced.renamed(nic, bridge).names)
    if len(connected):
        yield AddRoutes(connected)
    if len(fallback):
        yield RemoveRoutes(fallback)


def _move_shadowed(moves: RouteMoves, nic: str, bridge: str) -> Iterator[Operation]:
    """Add and remove the routes behind others, and put back those that are behind them."""
    if len(moves.shadowing_others):
        yield RemoveRoutes(moves.shadowing_others)
    if len(moves.shadowed):
        yield AddRoutes(moves.shadowed.renamed(nic, bridge))
        yield RemoveRoutes(moves.shadowed)
    if len(moves.shadowing_others):
        yield AddRoutes(moves.shadowing_others)
