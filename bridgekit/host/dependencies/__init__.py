"""What depends on a NIC by its name or index, and does not move with its addresses."""

from collections.abc import Iterator

from msgspec.structs import replace

from bridgekit.host.dependencies import disks, firewall, routers, sockets, traffic_control, xdp
from bridgekit.netlink import multipath, sock_diag
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state.link import Dependency, Link
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route
from bridgekit.system.process import run


def with_dependencies(state: NetworkState, nic: str, bridge: str) -> NetworkState:
    """Return the state with what depends on the NIC, and does not know the bridge.

    Sockets of a DHCP client move with it.
    """
    link = state.link(nic)
    if link is None:
        return state
    moving = tuple(f" of {client.program} (" for client in state.clients_on(nic))
    kept = (one for one in _find(state, link, bridge) if not _is_held_by(moving, one))
    return replace(state, dependencies=tuple(kept))


def _find(state: NetworkState, link: Link, bridge: str) -> Iterator[Dependency]:
    with NetlinkSocket() as sock:
        unequal = tuple(multipath.unequal_metrics(sock, state.routes, link.name))
    bound = ((one.name, one.inode) for one in sock_diag.sockets_bound_to(link.index))
    yield from (Dependency("uneven-legs", format_route(m, state.routes.name)) for m in unequal)
    yield from sockets.sockets(bound)
    yield from sockets.packet_sockets(link.index)
    yield from sockets.groups(link.name)
    yield from firewall.find_dependencies(link.name, bridge, run)
    yield from traffic_control.find_dependencies(link.index)
    yield from xdp.find_dependencies(link.name)
    yield from routers.find_dependencies(link.name)
    yield from disks.find_dependencies(link.name, disks.outgoing_link)


def _is_held_by(holders: tuple[str, ...], dependency: Dependency) -> bool:
    is_socket = dependency.kind in ("socket", "packet-socket")
    return is_socket and any(holder in dependency.text for holder in holders)
