"""The machine as the transaction sees it: read it whole, and carry out one operation."""

import struct
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache

from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.host import ethtool, forward_rules, neighbour_probe, path_probe, sysctl
from bridgekit.host.dependencies import disks, firewall, managers, sockets, traffic_control
from bridgekit.host.dhcp_clients import discovery as dhcp_reader
from bridgekit.host.dhcp_clients import handover as dhcp
from bridgekit.host.execute import Executor
from bridgekit.netlink import dump, fdb, lifetimes, multipath, sock_diag, vlans
from bridgekit.netlink import links as link_reader
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.planning.operations import Operation, SetLro, SetSysctl, StartClient, StopClient
from bridgekit.state.dhcp_client import with_metric
from bridgekit.state.link import Dependency, Link
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route
from bridgekit.system import atomic_file, namespaces
from bridgekit.system.process import run

SETTLE_SECONDS = 5.0
PATH_SECONDS = 4.0
"""How long a frame may take from a new port of the bridge to the wire."""
SOCKETS = ("socket", "packet-socket")
SCOPE = ("systemd-run", "--scope", "--quiet", "--collect", "--slice=system.slice", "--")


def network() -> NetworkState:
    """Return this namespace's links, addresses, routes, neighbours, rules and nexthops."""
    try:
        return _network()
    except (OSError, ValueError, LookupError, struct.error) as error:
        raise BridgekitError(f"the network's state cannot be read: {error!r}") from error


def _network() -> NetworkState:
    with NetlinkSocket() as sock:
        found = vlans.with_vlans(sock, link_reader.list_links(sock))
        names = {link.index: link.name for link in found}
        return NetworkState(
            links=found,
            addresses=dump.addresses(sock, names),
            routes=dump.routes(names),
            neighbours=dump.neighbours(sock, found),
            rules=dump.rules(sock),
            nexthops=dump.nexthops(sock, names),
            static_macs=fdb.read_static_macs(sock, found),
        )


def with_settings(state: NetworkState, *names: str) -> NetworkState:
    """Return the state with the settings and the managers of these links, as far as they exist."""
    here = [link for link in state.links if link.name in names]
    found = [one for n in here for one in dhcp_reader.clients(n.name, state.addresses_on(n.name))]
    known = [pid for pids, _ in found for pid in pids]
    managing = (manager for n in here for manager in managers.find_managers(n.name, n.index, known))
    return replace(
        state,
        links=tuple(
            replace(n, lro=ethtool.get_lro(n.name)) if n in here else n for n in state.links
        ),
        sysctls=sysctl.read_settings(names),
        managers=tuple(managing),
        clients=tuple(with_metric(client, state.routes) for _, client in found),
    )


def with_dependencies(state: NetworkState, nic: str) -> NetworkState:
    """Return the state with what is tied to the NIC and stays there when its addresses go.

    A DHCP client does not stay.
    """
    link = state.link(nic)
    if link is None:
        return state
    bound = ((one.name, one.inode) for one in sock_diag.sockets_bound_to(link.index))
    with NetlinkSocket() as sock:
        uneven = tuple(multipath.unequal_metrics(sock, state.routes, nic))
    found = (
        *(Dependency("uneven-legs", format_route(route, state.routes.name)) for route in uneven),
        *sockets.sockets(bound),
        *sockets.packet_sockets(link.index),
        *sockets.groups(nic),
        *firewall.find_dependencies(nic, run),
        *traffic_control.find_dependencies(link.index),
        *disks.find_dependencies(nic, disks.routed_by(run)),
    )
    ours = tuple(f" of {client.program} (" for client in state.clients_on(nic))
    return replace(state, dependencies=tuple(tie for tie in found if not _is_held_by(ours, tie)))


def _is_held_by(holders: tuple[str, ...], tie: Dependency) -> bool:
    return tie.kind in SOCKETS and any(holder in tie.text for holder in holders)


def wait_for_dad(state: NetworkState, link: str) -> NetworkState:
    """Return the state, read anew if addresses of the link were still to be proven in it.

    They are waited for, at most five seconds, until they are proven or found to be taken.
    """
    if not any(address.tentative for address in state.addresses_on(link)):
        return state
    neighbour_probe.wait_for_dad(link, SETTLE_SECONDS)
    return network()


def links() -> tuple[Link, ...]:
    """Return this namespace's links."""
    with NetlinkSocket() as sock:
        return link_reader.list_links(sock)


def snapshot(*names: str) -> NetworkState:
    """Return the network state with the details of these links."""
    return with_settings(network(), *names)


def ingress_redirect(
    operations: Sequence[Operation], rolling_back: bool = False
) -> AbstractContextManager[None]:
    """Meanwhile nothing is lost when these let a link join or leave a bridge, if it can be."""
    return _executor(rolling_back).ingress_redirect(operations)


def execute(operation: Operation, rolling_back: bool = False) -> None:
    """Carry out one operation completely, or raise BridgekitError."""
    try:
        if isinstance(operation, SetSysctl):
            sysctl.write(operation.key, operation.after, rolling_back)
        elif isinstance(operation, SetLro):
            ethtool.set_lro(operation.link, operation.on, rolling_back)
        elif isinstance(operation, StopClient):
            dhcp.stop(operation.client, rolling_back)
        elif isinstance(operation, StartClient):
            _start(operation)
        else:
            _executor(rolling_back).execute(operation)
    except (OSError, ValueError, struct.error) as error:
        raise BridgekitError(f"{type(operation).__name__}: {error}") from error


def _start(operation: StartClient) -> None:
    """The scope outlives the session, and the guard's service."""
    client = operation.client
    granted = dhcp.inherit(client, operation.other, atomic_file.read, atomic_file.write)
    if client.address and granted:
        lifetimes.extend(client.link, client.address, granted)
    dhcp.start(client, SCOPE if namespaces.systemd_manages_us() else ())


def forwards_frames(bridge: str, nic: str) -> bool:
    """Will what machines on the bridge send get out over the NIC, when the PXE service runs?

    That opens Docker's packet filter for the bridge; so does this, for as long as it looks.
    """
    with NetlinkSocket() as sock:
        there = link_reader.get_link(sock, bridge)
    stp = there.bridge if there and there.bridge and there.bridge.stp else None
    learning = 2 * stp.forward_delay / 100 if stp else 0  # a new port listens and learns first
    with forward_rules.opened(bridge):
        return path_probe.forwards_frames(bridge, nic, PATH_SECONDS + learning)


def close_forwarding(bridge: str) -> None:
    """Take back what `passes` may have left when it was killed."""
    forward_rules.close_if_unused(bridge)


@cache
def _executor(rolling_back: bool) -> Executor:
    return Executor(rolling_back)
