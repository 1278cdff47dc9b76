"""Find the NIC that a command is about."""

from collections.abc import Iterator

from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import header, table_of
from bridgekit.transaction.store import Store
from bridgekit.uapi.rtnetlink import RT_TABLE_MAIN

FALLBACK_NIC = "eth0"


def find_nic(state: NetworkState, nic: str | None, bridge: str, store: Store) -> str:
    """Return the kernel's name of the NIC; without one, that of the default route's NIC.

    If the default route's link is the bridge, return the NIC that was moved onto it.
    """
    if nic is not None:
        link = state.link_by_any_name(nic)
        return link.name if link else nic
    default = next(_default_route_links(state), FALLBACK_NIC)
    return _port_of(state, bridge, store) if default == bridge else default


def _port_of(state: NetworkState, bridge: str, store: Store) -> str:
    for journal in reversed(store.journals()):
        head = journal.head()
        if head and head.plan.intent.bridge == bridge and journal.state() == "committed":
            return head.plan.intent.nic
    return next((port.name for port in state.ports(bridge)), FALLBACK_NIC)


def _default_route_links(state: NetworkState) -> Iterator[str]:
    routes = state.routes
    loopbacks = {link.name for link in state.links if link.loopback}
    defaults = routes.where(lambda m: header(m).dst_len == 0 and table_of(m) == RT_TABLE_MAIN)
    first = (link for message in defaults.messages for link in routes.links(message)[:1])
    return (link for link in first if link not in loopbacks)
