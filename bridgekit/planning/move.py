"""What moves from the NIC to the bridge, as a value that the planner orders into operations."""

from collections.abc import Iterator

from msgspec import Struct

from bridgekit.planning.route_moves import RouteMoves, route_moves
from bridgekit.planning.target_state import ADDRESS_SYSCTLS
from bridgekit.state.address import Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import Link, Neighbour, StaticMac
from bridgekit.state.network_state import NetworkState, default_sysctls, in_creation_order, without

RP_FILTER = "net/ipv4/conf/{}/rp_filter"
STRICT, LOOSE = "1", "2"


class SysctlChange(Struct, frozen=True):
    """A sysctl of the bridge: what it has before, while and after the state moves."""

    key: str
    before: str
    during: str
    after: str


class Move(Struct, frozen=True):
    """Everything that moves from the NIC to the bridge, between two states of the host.

    `port` is the NIC as it is afterwards.
    """

    before: NetworkState
    after: NetworkState
    nic: Link
    port: Link
    bridge: Link
    addresses: tuple[Address, ...]
    neighbours: tuple[Neighbour, ...]
    macs: tuple[StaticMac, ...]
    routes: RouteMoves
    sysctls: tuple[SysctlChange, ...]
    clients: tuple[tuple[DhcpClient, DhcpClient], ...]


def moving_state(before: NetworkState, after: NetworkState, nic: str, bridge: str) -> Move:
    """Return what moves from the NIC to the bridge between these states."""
    addresses = in_creation_order(_moving_addresses(before, after, nic, bridge))
    kept = after.static_macs_on(nic)
    return Move(
        before=before,
        after=after,
        nic=before.require(nic),
        port=after.require(nic),
        bridge=after.require(bridge),
        addresses=addresses,
        neighbours=before.neighbours_on(nic),
        macs=tuple(entry for entry in before.static_macs_on(nic) if entry not in kept),
        routes=route_moves(without(before, bridge), nic, addresses),
        sysctls=tuple(_sysctl_changes(before, after, bridge)),
        clients=tuple(_moving_clients(before, after, nic, bridge)),
    )


def _moving_addresses(
    before: NetworkState, after: NetworkState, nic: str, bridge: str
) -> tuple[Address, ...]:
    """Return the NIC's addresses that the bridge gets.

    A port that others made may keep a link-local address of its own.
    """
    moved = {(address.ip, address.prefixlen) for address in after.addresses_on(bridge)}
    return tuple(a for a in before.addresses_on(nic) if (a.ip, a.prefixlen) in moved)


def _moving_clients(
    before: NetworkState, after: NetworkState, nic: str, bridge: str
) -> Iterator[tuple[DhcpClient, DhcpClient]]:
    """Yield each DHCP client that moves, as it is on the NIC and as it is on the bridge."""
    old = (client for client in before.clients_on(nic) if client not in after.clients)
    new = (client for client in after.clients_on(bridge) if client not in before.clients)
    return zip(old, new, strict=True)


def _sysctl_changes(
    before: NetworkState, after: NetworkState, bridge: str
) -> Iterator[SysctlChange]:
    """Yield each sysctl of the bridge that is ever written.

    While addresses move the bridge makes none of its own, and its rp_filter is loose where it
    would be strict: with the addresses on the bridge and the routes still on the NIC, a strict one
    drops what arrives.
    """
    old = before.sysctls_of(bridge) if before.link(bridge) else default_sysctls(before)
    new = after.sysctls_of(bridge)
    for pattern in sorted(new.keys() & old.keys()):
        during = new[pattern]
        if pattern in ADDRESS_SYSCTLS:
            during = "0"
        if pattern == RP_FILTER:
            everywhere = before.sysctl(RP_FILTER.format("all")) or "0"
            during = LOOSE if STRICT in (everywhere, during) else during
        if not old[pattern] == during == new[pattern]:
            yield SysctlChange(pattern.format(bridge), old[pattern], during, new[pattern])
