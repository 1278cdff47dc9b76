"""The machine as the transaction sees it: read it whole, and carry out one operation."""

import struct
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache

from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.host import (
    disks,
    ethtool,
    files,
    firewall,
    listeners,
    managers,
    place,
    queues,
    sysctl,
)
from bridgekit.host.command import run
from bridgekit.host.dhcp import read as dhcp_reader
from bridgekit.host.dhcp import run as dhcp
from bridgekit.host.netlink import legs, lifetimes, path, reach, read, sockets, static_macs, vlans
from bridgekit.host.netlink import links as link_reader
from bridgekit.host.netlink.channel import Channel
from bridgekit.host.netlink.execute import Executor
from bridgekit.netboot import firewall as firewall_hole
from bridgekit.planning.operations import Operation, SetLro, SetSysctl, StartClient, StopClient
from bridgekit.state.dhcp_client import with_metric
from bridgekit.state.link import Dependency, Link
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route

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
    with Channel() as channel:
        found = vlans.told(channel, link_reader.links(channel))
        names = {link.index: link.name for link in found}
        return NetworkState(
            links=found,
            addresses=read.addresses(channel, names),
            routes=read.routes(names),
            neighbours=read.neighbours(channel, found),
            rules=read.rules(channel),
            nexthops=read.nexthops(channel, names),
            static_macs=static_macs.read(channel, found),
        )


def detailed(state: NetworkState, *names: str) -> NetworkState:
    """Return the state with the settings and the managers of these links, as far as they exist."""
    here = [link for link in state.links if link.name in names]
    found = [one for n in here for one in dhcp_reader.clients(n.name, state.addresses_on(n.name))]
    known = [pid for pids, _ in found for pid in pids]
    managing = (manager for n in here for manager in managers.owners(n.name, n.index, known))
    return replace(
        state,
        links=tuple(replace(n, lro=ethtool.lro(n.name)) if n in here else n for n in state.links),
        sysctls=sysctl.read_settings(names),
        managers=tuple(managing),
        clients=tuple(with_metric(client, state.routes) for _, client in found),
    )


def tied(state: NetworkState, nic: str) -> NetworkState:
    """Return the state with what is tied to the NIC and stays there when its addresses go.

    A DHCP client does not stay.
    """
    link = state.link(nic)
    if link is None:
        return state
    bound = ((one.name, one.inode) for one in sockets.bound_to(link.index))
    with Channel() as channel:
        uneven = tuple(legs.uneven(channel, state.routes, nic))
    found = (
        *(Dependency("uneven-legs", format_route(route, state.routes.name)) for route in uneven),
        *listeners.sockets(bound),
        *listeners.packet_sockets(link.index),
        *listeners.groups(nic),
        *firewall.ties(nic, run),
        *queues.ties(nic, run),
        *disks.ties(nic, disks.routed_by(run)),
    )
    ours = tuple(f" of {client.program} (" for client in state.clients_on(nic))
    return replace(state, dependencies=tuple(tie for tie in found if not _is_held_by(ours, tie)))


def _is_held_by(holders: tuple[str, ...], tie: Dependency) -> bool:
    return tie.kind in SOCKETS and any(holder in tie.text for holder in holders)


def settled(state: NetworkState, link: str) -> NetworkState:
    """Return the state, read anew if addresses of the link were still to be proven in it.

    They are waited for, at most five seconds, until they are proven or found to be taken.
    """
    if not any(address.tentative for address in state.addresses_on(link)):
        return state
    reach.settled(link, SETTLE_SECONDS)
    return network()


def links() -> tuple[Link, ...]:
    """Return this namespace's links."""
    with Channel() as channel:
        return link_reader.links(channel)


def snapshot(*names: str) -> NetworkState:
    """Return the network state with the details of these links."""
    return detailed(network(), *names)


def detour(operations: Sequence[Operation], undoing: bool = False) -> AbstractContextManager[None]:
    """Meanwhile nothing is lost when these let a link join or leave a bridge, if it can be."""
    return _executor(undoing).detour(operations)


def execute(operation: Operation, undoing: bool = False) -> None:
    """Carry out one operation completely, or raise BridgekitError."""
    try:
        if isinstance(operation, SetSysctl):
            sysctl.write(operation.key, operation.after, undoing)
        elif isinstance(operation, SetLro):
            ethtool.set_lro(operation.link, operation.on, undoing)
        elif isinstance(operation, StopClient):
            dhcp.stop(operation.client, undoing)
        elif isinstance(operation, StartClient):
            _start(operation)
        else:
            _executor(undoing).execute(operation)
    except (OSError, ValueError, struct.error) as error:
        raise BridgekitError(f"{type(operation).__name__}: {error}") from error


def _start(operation: StartClient) -> None:
    """The scope outlives the session, and the guard's service."""
    client = operation.client
    granted = dhcp.inherit(client, operation.other, files.read, files.write)
    if client.address and granted:
        lifetimes.extend(client.link, client.address, granted)
    dhcp.start(client, SCOPE if place.systemd_manages_us() else ())


def passes(bridge: str, nic: str) -> bool:
    """Will what machines on the bridge send get out over the NIC, when the PXE service runs?

    That opens Docker's packet filter for the bridge; so does this, for as long as it looks.
    """
    with Channel() as channel:
        there = link_reader.link(channel, bridge)
    stp = there.bridge if there and there.bridge and there.bridge.stp else None
    learning = 2 * stp.forward_delay / 100 if stp else 0  # a new port listens and learns first
    with firewall_hole.opened(bridge):
        return path.passes(bridge, nic, PATH_SECONDS + learning)


def close(bridge: str) -> None:
    """Take back what `passes` may have left when it was killed."""
    from bridgekit.netboot.attach import close_if_unused  # slow to import; only with PXE

    close_if_unused(bridge)


@cache
def _executor(undoing: bool) -> Executor:
    return Executor(undoing)
