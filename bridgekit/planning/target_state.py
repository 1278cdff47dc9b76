"""The state that the host must have after a migration, computed without the planner.

The planner decides how to get there. Verification compares the machine with this state.
"""

from msgspec.structs import replace

from bridgekit.planning.intent import Intent
from bridgekit.state import nlattr
from bridgekit.state.link import Link, Sysctl
from bridgekit.state.link_dns import LinkDns
from bridgekit.state.network_state import NetworkState, without
from bridgekit.state.routes.message import is_link_multicast, oif_offsets, without_state
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_NONE

NEW_INDEX = 0x7FFFFFFF
"""The index of a link that is not there yet; comparisons go by name."""
ADDRESS_SYSCTLS = ("net/ipv6/conf/{}/accept_ra", "net/ipv6/conf/{}/use_tempaddr")
"""Sysctls by which a link makes addresses of its own; a port must not."""


def target_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """Return the state that the intent leads to from this snapshot."""
    return (bridged_state if intent.direction == "bridge" else restored_state)(snapshot, intent)


def preserved_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """Return what of this state a rollback restores: see Intent.preserved."""
    nic, bridge = intent.nic, intent.bridge
    routes = snapshot.routes.on_link(bridge)
    return NetworkState(
        links=tuple(link for link in snapshot.links if link.name in (nic, bridge)),
        addresses=snapshot.addresses_on(bridge),
        routes=RouteSet(routes.used_names(), routes.messages),
        static_macs=snapshot.static_macs_on(bridge),
        sysctls=_sysctls(snapshot.sysctls_of(bridge), bridge) if snapshot.link(bridge) else (),
        dns=tuple(one for one in snapshot.dns if one.link == bridge),
        managers=snapshot.managers,
    )


def bridged_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """Return the state in which the bridge has the NIC's MAC, MTU, addresses, routes and sysctls.

    The NIC is a bare port. A bridge that was there before keeps its options and loses its own
    link-local address.
    """
    nic, existing = snapshot.require(intent.nic), snapshot.link(intent.bridge)
    state = without(snapshot, intent.bridge) if existing else snapshot
    own = state.sysctls_of(nic.name)
    no_addresses = {key: "0" for key in ADDRESS_SYSCTLS if key in own}
    return replace(
        _renamed(state, nic.name, intent.bridge, intent.keeps_mac(nic.mac)),
        links=(*(_as_port(link, intent) for link in state.links), _bridge(nic, existing, intent)),
        routes=_renamed_routes(state.routes, nic.name, intent.bridge, keep=True),
        sysctls=(
            *_sysctls_without(state, nic.name, intent.bridge),
            *_sysctls(own, intent.bridge),
            *_sysctls(own | no_addresses, nic.name),
        ),
    )


def _bridge(nic: Link, existing: Link | None, intent: Intent) -> Link:
    """Return the bridge as it is afterwards, new or existing."""
    options = intent.spec.apply_to(existing.bridge) if existing and existing.bridge else None
    mac = intent.spec.mac or nic.mac
    bridge = replace(nic, name=intent.bridge, kind="bridge", mac=mac, lro=False, lower=None)
    bridge = replace(bridge, bridge=options or intent.spec.for_new_bridge())
    if existing is None:
        return replace(bridge, index=NEW_INDEX, altnames=(), token=None, arp=True)
    return replace(
        bridge,
        index=existing.index,
        altnames=existing.altnames,
        token=existing.token,
        arp=existing.arp,
        vlans=existing.vlans,
    )


def _as_port(link: Link, intent: Intent) -> Link:
    """Return the link as it is afterwards: the NIC is a port, which has no LRO."""
    if link.name != intent.nic:
        return link
    mode = None if link.addrgenmode is None else IN6_ADDR_GEN_MODE_NONE
    port = replace(link, controller=intent.bridge, addrgenmode=mode, lro=False)
    return replace(port, port=intent.spec.port)


def restored_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """Return the state in which the NIC has all that the bridge had.

    The bridge is gone, or has again what was its own. What the NIC has as a port stays: a
    link-local address of its own, static MAC addresses.
    """
    bridge, port = snapshot.require(intent.bridge), snapshot.require(intent.nic)
    before = intent.preserved.link(port.name) or port
    nic = replace(port, controller=None, port=None, forwarding=False, lro=before.lro)
    nic = replace(nic, addrgenmode=bridge.addrgenmode, vlans=None)
    rest = (link for link in snapshot.links if link.name not in (port.name, bridge.name))
    own = snapshot.addresses_on(port.name)
    same_mac = bridge.mac == nic.mac
    renamed = _renamed(_without_port_state(snapshot, intent), bridge.name, nic.name, same_mac)
    moved = {address.ip for address in renamed.addresses_on(nic.name)}
    state = replace(
        renamed,
        links=(nic, *rest),
        addresses=renamed.addresses + tuple(a for a in own if a.ip not in moved),
        routes=_renamed_routes(snapshot.routes, bridge.name, nic.name, keep=False),
        sysctls=(
            *_sysctls_without(snapshot, nic.name, bridge.name),
            *_sysctls(snapshot.sysctls_of(bridge.name), nic.name),
        ),
    )
    return _with_preserved(state, bridge, intent)


def _without_port_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """Return the state without the port's addresses and the bridge's own static MACs and DNS."""
    kept = intent.preserved.static_macs_on(intent.bridge)
    return replace(
        snapshot,
        addresses=tuple(a for a in snapshot.addresses if a.link != intent.nic),
        static_macs=tuple(entry for entry in snapshot.static_macs if entry not in kept),
        dns=tuple(one for one in snapshot.dns if one not in intent.preserved.dns),
    )


def _with_preserved(state: NetworkState, live: Link, intent: Intent) -> NetworkState:
    """Return the state with the settings and the link-local address that the bridge had before."""
    preserved = intent.preserved
    before = preserved.link(intent.bridge)
    if before is None:
        return state
    bridge = replace(before, index=live.index, bridge=live.bridge, vlans=live.vlans)
    numbers = {name: index for index, name in preserved.routes.names}
    own = preserved.routes.on_link(intent.bridge).messages
    names = (*state.routes.names, (live.index, live.name))
    routes = tuple(_reindexed(m, numbers[live.name], live.index) for m in own)
    return replace(
        state,
        links=(*state.links, bridge),
        addresses=state.addresses + preserved.addresses_on(intent.bridge),
        static_macs=state.static_macs + preserved.static_macs_on(intent.bridge),
        routes=replace(
            state.routes,
            names=tuple(dict(names).items()),
            messages=state.routes.messages + routes,
        ),
        sysctls=state.sysctls + _sysctls(preserved.sysctls_of(intent.bridge), intent.bridge),
        dns=state.dns + preserved.dns,
    )


def _renamed(snapshot: NetworkState, old: str, new: str, same_mac: bool) -> NetworkState:
    """Return the state with one link's addresses, neighbours, rules and the like as another's.

    DHCP clients move only with the MAC address: with another one the server has another lease.
    """
    return replace(
        snapshot,
        addresses=tuple(a.on(new) if a.link == old else a for a in snapshot.addresses),
        neighbours=tuple(n.on(new) if n.link == old else n for n in snapshot.neighbours),
        rules=tuple(rule.renamed(old, new) for rule in snapshot.rules),
        nexthops=tuple(h.on(new) if h.link == old else h for h in snapshot.nexthops),
        static_macs=tuple(e.on(new) if e.link == old else e for e in snapshot.static_macs),
        clients=tuple(c.on(new) if c.link == old and same_mac else c for c in snapshot.clients),
        dns=_moved_dns(snapshot.dns, old, new),
    )


def _moved_dns(dns: tuple[LinkDns, ...], old: str, new: str) -> tuple[LinkDns, ...]:
    """Return the DNS settings with those of one link, if it has any, in place of another's."""
    moved = tuple(one.on(new) for one in dns if one.link == old)
    return moved + tuple(one for one in dns if one.link not in (old, new)) if moved else dns


def _renamed_routes(routes: RouteSet, old: str, new: str, keep: bool) -> RouteSet:
    """Return the routes with those of `old` over `new`, each in its place.

    Every link has a route to ff00::/8 of its own: with `keep` both links have it afterwards,
    otherwise only `new`. Other routes that `new` has already are those of an address that both
    links have: one of them stays.
    """
    indexes = {name: index for index, name in routes.names}
    target = indexes.get(new, NEW_INDEX)
    messages: list[tuple[bytes, bool]] = []
    for message in routes.messages:
        links = routes.links(message)
        of_link = is_link_multicast(message)
        if old not in links and not (of_link and new in links and not keep):
            messages.append((message, False))
        if old in links and of_link and keep:
            messages.append((message, False))
        if old in links:
            messages.append((_reindexed(message, indexes[old], target), True))
    names = dict(routes.names) | {target: new}
    moved = {
        without_state(message) for message, is_moved in messages if is_moved and new in indexes
    }
    kept = (m for m, is_moved in messages if is_moved or not moved or without_state(m) not in moved)
    blocks = routes.reindexed(indexes[old], target).blocks if old in indexes else routes.blocks
    return RouteSet(tuple(names.items()), tuple(kept), blocks)


def _reindexed(message: bytes, old: int, new: int) -> bytes:
    """Return the message with another index in each RTA_OIF and nexthop."""
    for slot in oif_offsets(message):
        if nlattr.u32(message, slot) == old:
            message = nlattr.patch_u32(message, slot, new)
    return message


def _sysctls(patterns: dict[str, str], link: str) -> tuple[Sysctl, ...]:
    return tuple(Sysctl(key.format(link), value) for key, value in patterns.items())


def _sysctls_without(snapshot: NetworkState, *links: str) -> tuple[Sysctl, ...]:
    marks = tuple(f"/{link}/" for link in links)
    return tuple(s for s in snapshot.sysctls if not any(mark in s.key for mark in marks))
