"""What the host must look like afterwards, said without the planner: the same, with names swapped.

The planner decides how; this says what. Verification compares the machine with this.
"""

from msgspec.structs import replace

from bridgekit.planning.intent import Intent
from bridgekit.state import nlattr
from bridgekit.state.link import Link, Sysctl
from bridgekit.state.network_state import NetworkState, without
from bridgekit.state.routes.message import is_link_multicast, oif_offsets, without_state
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_NONE

NEW_INDEX = 0x7FFFFFFF
"""Stands for a link that has no number yet; comparisons go by name."""
QUIET = ("net/ipv6/conf/{}/accept_ra", "net/ipv6/conf/{}/use_tempaddr")
"""Settings by which a link makes addresses of its own; a port must not."""


def target_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """Return the state that the intent leads to from this snapshot."""
    return (bridged_state if intent.direction == "bridge" else restored_state)(snapshot, intent)


def preserved_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """Return what of this state stays when everything goes back to the NIC: see Intent.left."""
    nic, bridge = intent.nic, intent.bridge
    routes = snapshot.routes.on_link(bridge)
    return NetworkState(
        links=tuple(link for link in snapshot.links if link.name in (nic, bridge)),
        addresses=snapshot.addresses_on(bridge),
        routes=RouteSet(routes.used_names(), routes.messages),
        static_macs=snapshot.static_macs_on(bridge),
        sysctls=_sysctls(snapshot.sysctls_of(bridge), bridge) if snapshot.link(bridge) else (),
    )


def bridged_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """The NIC is a bare port; the bridge has its MAC, MTU, addresses, routes and settings.

    A bridge that was there keeps its options and loses its own link-local address.
    """
    nic, there = _link(snapshot, intent.nic), snapshot.link(intent.bridge)
    state = without(snapshot, intent.bridge) if there else snapshot
    own = state.sysctls_of(nic.name)
    quiet = {key: "0" for key in QUIET if key in own}
    return replace(
        _renamed(state, nic.name, intent.bridge, intent.keeps_mac(nic.mac)),
        links=(*(_ported(link, intent) for link in state.links), _bridge(nic, there, intent)),
        routes=_routes_retold(state.routes, nic.name, intent.bridge, keep=True),
        sysctls=(
            *_sysctls_without(state, nic.name, intent.bridge),
            *_sysctls(own, intent.bridge),
            *_sysctls(own | quiet, nic.name),
        ),
    )


def _bridge(nic: Link, there: Link | None, intent: Intent) -> Link:
    options = intent.spec.apply_to(there.bridge) if there and there.bridge else None
    mac = intent.spec.mac or nic.mac
    made = replace(nic, name=intent.bridge, kind="bridge", mac=mac, lro=False, lower=None)
    made = replace(made, token=there.token if there else None, arp=there.arp if there else True)
    made = replace(made, bridge=options or intent.spec.for_new_bridge())
    if there:
        return replace(made, index=there.index, altnames=there.altnames, vlans=there.vlans)
    return replace(made, index=NEW_INDEX, altnames=())


def _ported(link: Link, intent: Intent) -> Link:
    """The link as it is afterwards: only the NIC changes. A port joins no received segments."""
    if link.name != intent.nic:
        return link
    mode = None if link.addrgenmode is None else IN6_ADDR_GEN_MODE_NONE
    port = replace(link, controller=intent.bridge, addrgenmode=mode, lro=False)
    return replace(port, port=intent.spec.port)


def restored_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """The NIC has all that was the bridge's, which is gone or has back what was its own.

    What the NIC has as a port stays: a link-local address of its own, static MAC addresses.
    """
    bridge, port = _link(snapshot, intent.bridge), _link(snapshot, intent.nic)
    before = intent.preserved.link(port.name) or port
    nic = replace(port, controller=None, port=None, forwarding=False, lro=before.lro)
    nic = replace(nic, addrgenmode=bridge.addrgenmode, vlans=None)
    rest = (link for link in snapshot.links if link.name not in (port.name, bridge.name))
    own = snapshot.addresses_on(port.name)
    same_mac = bridge.mac == nic.mac
    told = _renamed(_without_port_state(snapshot, intent), bridge.name, nic.name, same_mac)
    there = {address.ip for address in told.addresses_on(nic.name)}
    state = replace(
        told,
        links=(nic, *rest),
        addresses=told.addresses + tuple(a for a in own if a.ip not in there),
        routes=_routes_retold(snapshot.routes, bridge.name, nic.name, keep=False),
        sysctls=(
            *_sysctls_without(snapshot, nic.name, bridge.name),
            *_sysctls(snapshot.sysctls_of(bridge.name), nic.name),
        ),
    )
    return _given_back(state, bridge, intent)


def _without_port_state(snapshot: NetworkState, intent: Intent) -> NetworkState:
    """Without the NIC's own addresses, and the static MAC addresses that stay the bridge's."""
    kept = intent.preserved.static_macs_on(intent.bridge)
    return replace(
        snapshot,
        addresses=tuple(a for a in snapshot.addresses if a.link != intent.nic),
        static_macs=tuple(entry for entry in snapshot.static_macs if entry not in kept),
    )


def _given_back(state: NetworkState, live: Link, intent: Intent) -> NetworkState:
    """A bridge that was there before has its own settings and link-local address again."""
    left = intent.preserved
    before = left.link(intent.bridge)
    if before is None:
        return state
    bridge = replace(before, index=live.index, bridge=live.bridge, vlans=live.vlans)
    numbers = {name: index for index, name in left.routes.names}
    own = left.routes.on_link(intent.bridge).messages
    names = (*state.routes.names, (live.index, live.name))
    routes = tuple(_repointed(m, numbers[live.name], live.index) for m in own)
    return replace(
        state,
        links=(*state.links, bridge),
        addresses=state.addresses + left.addresses_on(intent.bridge),
        static_macs=state.static_macs + left.static_macs_on(intent.bridge),
        routes=replace(
            state.routes,
            names=tuple(dict(names).items()),
            messages=state.routes.messages + routes,
        ),
        sysctls=state.sysctls + _sysctls(left.sysctls_of(intent.bridge), intent.bridge),
    )


def _link(snapshot: NetworkState, name: str) -> Link:
    link = snapshot.link(name)
    assert link is not None, "preflight lets no plan be made for links that are not there"
    return link


def _renamed(snapshot: NetworkState, old: str, new: str, same_mac: bool) -> NetworkState:
    """Addresses, neighbours, rules and the like of one link read as another's.

    A DHCP server knows a client by its MAC address: with another one it has another lease.
    """
    return replace(
        snapshot,
        addresses=tuple(a.on(new) if a.link == old else a for a in snapshot.addresses),
        neighbours=tuple(n.on(new) if n.link == old else n for n in snapshot.neighbours),
        rules=tuple(rule.renamed(old, new) for rule in snapshot.rules),
        nexthops=tuple(h.on(new) if h.link == old else h for h in snapshot.nexthops),
        static_macs=tuple(e.on(new) if e.link == old else e for e in snapshot.static_macs),
        clients=tuple(c.on(new) if c.link == old and same_mac else c for c in snapshot.clients),
    )


def _routes_retold(routes: RouteSet, old: str, new: str, keep: bool) -> RouteSet:
    """Every route of `old` is `new`'s, in its place; what each link has by itself is special.

    `keep`: both links have that afterwards; otherwise only `new`. Other routes that `new` has
    already are those of an address that both have: one of them stays.
    """
    numbers = {name: index for index, name in routes.names}
    to = numbers.get(new, NEW_INDEX)
    messages: list[tuple[bytes, bool]] = []
    for message in routes.messages:
        links = routes.links(message)
        by_link = is_link_multicast(message)
        if old not in links and not (by_link and new in links and not keep):
            messages.append((message, False))
        if old in links and by_link and keep:
            messages.append((message, False))
        if old in links:
            messages.append((_repointed(message, numbers[old], to), True))
    names = dict(routes.names) | {to: new}
    told = {without_state(message) for message, retold in messages if retold and new in numbers}
    kept = (m for m, retold in messages if retold or not told or without_state(m) not in told)
    alike = routes.reindexed(numbers[old], to).blocks if old in numbers else routes.blocks
    return RouteSet(tuple(names.items()), tuple(kept), alike)


def _repointed(message: bytes, old: int, new: int) -> bytes:
    for slot in oif_offsets(message):
        if nlattr.u32(message, slot) == old:
            message = nlattr.patch_u32(message, slot, new)
    return message


def _sysctls(without_state: dict[str, str], link: str) -> tuple[Sysctl, ...]:
    return tuple(Sysctl(key.format(link), value) for key, value in without_state.items())


def _sysctls_without(snapshot: NetworkState, *links: str) -> tuple[Sysctl, ...]:
    marks = tuple(f"/{link}/" for link in links)
    return tuple(s for s in snapshot.sysctls if not any(mark in s.key for mark in marks))
