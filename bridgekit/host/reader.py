"""Read this network namespace's state from the kernel."""

import struct

from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.host import ethtool, neighbour_probe, resolved, sysctl
from bridgekit.host.dependencies.managers import find_managers
from bridgekit.host.dhcp_clients import discovery
from bridgekit.netlink import dump, fdb, vlans
from bridgekit.netlink.links import list_links
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state.dhcp_client import with_metric
from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState

DAD_SECONDS = 5.0


def links() -> tuple[Link, ...]:
    """Return the links."""
    with NetlinkSocket() as sock:
        return list_links(sock)


def network() -> NetworkState:
    """Return the links, addresses, routes, neighbours, rules and nexthop objects."""
    try:
        return _network()
    except (OSError, ValueError, LookupError, struct.error) as error:
        raise BridgekitError(f"the network's state cannot be read: {error!r}") from error


def _network() -> NetworkState:
    with NetlinkSocket() as sock:
        found = vlans.with_vlans(sock, list_links(sock))
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


def snapshot(*names: str) -> NetworkState:
    """Return the network state with the settings of these links."""
    return with_settings(network(), *names)


def with_settings(state: NetworkState, *names: str) -> NetworkState:
    """Return the state with these links' sysctls, LRO, managers, DHCP clients and DNS."""
    chosen = [link for link in state.links if link.name in names]
    clients = [
        client
        for link in chosen
        for client in discovery.clients(link.name, state.addresses_on(link.name))
    ]
    known = [pid for pids, _ in clients for pid in pids]
    managers = (one for link in chosen for one in find_managers(link.name, link.index, known))
    dns = (resolved.read(link.name, link.index) for link in chosen)
    return replace(
        state,
        links=tuple(
            replace(link, lro=ethtool.get_lro(link.name)) if link in chosen else link
            for link in state.links
        ),
        sysctls=sysctl.read_settings(names),
        managers=tuple(managers),
        clients=tuple(with_metric(client, state.routes) for _, client in clients),
        dns=tuple(one for one in dns if one),
    )


def wait_for_dad(state: NetworkState, link: str) -> NetworkState:
    """Return the state, read anew if duplicate detection was not through with the link's addresses.

    Waits at most five seconds until they are proven, or found to be in use elsewhere.
    """
    if not any(address.tentative for address in state.addresses_on(link)):
        return state
    neighbour_probe.wait_for_dad(link, DAD_SECONDS)
    return network()
