"""`snapshot`: what of a NIC a move would take along."""

from bridgekit.application.find_nic import find_nic
from bridgekit.errors import RefusedError
from bridgekit.host import machine
from bridgekit.state.network_state import NetworkState
from bridgekit.transaction.store import Store


def snapshot_nic(nic: str | None, bridge: str, store: Store) -> NetworkState:
    """Return the part of the network's state that is this NIC's; its one link is the NIC.

    Raises:
        RefusedError: There is no such NIC.
    """
    state = machine.network()
    name = find_nic(state, nic, bridge, store)
    link = state.link(name)
    if link is None:
        raise RefusedError(f"there is no interface {name}; nothing was changed")
    return NetworkState(
        links=(link,),
        addresses=state.addresses_on(name),
        routes=state.routes.on_link(name),
        neighbours=state.neighbours_on(name),
        rules=tuple(rule for rule in state.rules if rule.names(name)),
        nexthops=tuple(nexthop for nexthop in state.nexthops if nexthop.link == name),
        static_macs=state.static_macs_on(name),
    )
