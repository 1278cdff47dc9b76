"""The one equality of network states, and what it leaves out.

Left out: interface numbers; remaining lifetimes (not whether there is one); carrier and other
marks of the moment on links, addresses and routes; the ageing time of a bridge with STP, which
changes with the topology; of a new bridge and a new port the settings that nobody asked for; the
order of routes to fe80::/64, of which every link has its own, and of the legs of an IPv6 route,
which the kernel keeps as routes of their own; neighbour entries that come and go by themselves;
the privacy mark of an IPv6 address, which only the kernel can set; how a DHCP client was started;
and who holds on to a link from outside, its owners and ties. Of links other than the two that a
migration is about only a loss counts: others may add what they like.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from bridgekit.planning.difference import (
    Changes,
    Difference,
    Words,
    address_words,
    client_words,
    link_differences,
    mac_words,
    made,
    neighbour_words,
    nexthop_words,
    route_difference,
    rule_repair,
)
from bridgekit.state.address import FOREVER, IPV4, IPV6, Address
from bridgekit.state.link import BridgeOptions, Link, Neighbour, PortOptions
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import fib_key, has_gateway, is_link_local, table_of
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.if_addr import (
    IFA_F_HOMEADDRESS,
    IFA_F_MANAGETEMPADDR,
    IFA_F_MCAUTOJOIN,
    IFA_F_NODAD,
    IFA_F_NOPREFIXROUTE,
    IFA_F_PERMANENT,
    IFA_F_SECONDARY,
)
from bridgekit.uapi.rtnetlink import RT_TABLE_LOCAL

COMPARED_FLAGS = {
    IPV4: IFA_F_SECONDARY | IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN,
    IPV6: IFA_F_NODAD
    | IFA_F_HOMEADDRESS
    | IFA_F_PERMANENT
    | IFA_F_MANAGETEMPADDR
    | IFA_F_NOPREFIXROUTE
    | IFA_F_MCAUTOJOIN,
}
"""Secondary; no DAD, home address, permanent, manage temporary, no prefix route, auto-join."""


OF_THE_MOMENT = ("index", "carrier", "forwarding", "bridge", "port", "vlans")
"""Of a link; bridge, port and VLANs are compared by themselves."""
_Identity = tuple[str, Hashable]
"""The link that something belongs to, and what makes it the same as another."""


def differences(
    wanted: NetworkState, found: NetworkState, links: Iterable[str]
) -> tuple[Difference, ...]:
    """Compare two states of a host, strictly for these links, for losses on all others."""
    return tuple(_each(wanted, found, frozenset(links)))


def differ(wanted: NetworkState, found: NetworkState, links: Iterable[str]) -> bool:
    """Is there any difference? It stops at the first."""
    return any(True for _ in _each(wanted, found, frozenset(links)))


def _each(wanted: NetworkState, found: NetworkState, focus: frozenset[str]) -> Iterator[Difference]:
    yield from _links(wanted, found, focus)
    yield from _addresses(wanted, found, focus)
    yield from _routes(wanted.routes, found.routes, focus)
    yield from _neighbours(wanted, found, focus)
    yield from _static_macs(wanted, found, focus)
    yield from _sysctls(wanted, found, focus)
    yield from _rules(wanted, found, focus)
    yield from _nexthops(wanted, found, focus)
    yield from _clients(wanted, found, focus)


def _links(
    wanted: NetworkState, found: NetworkState, focus: frozenset[str]
) -> Iterator[Difference]:
    for name in sorted(focus):
        left, right = wanted.link(name), found.link(name)
        if left and not right:
            yield Difference("missing", f"link {name}", made(left))
        elif right and not left:
            ends = (f"ip link delete {name}",) if right.bridge else ()
            yield Difference("unexpected", f"link {name}", ends)
        elif left and right:
            yield from link_differences(name, _link_changes(left, right))


def _link_changes(wanted: Link, found: Link) -> Changes:
    names = (name for name in Link.__struct_fields__ if name not in OF_THE_MOMENT)
    pairs: Changes = [(name, getattr(wanted, name), getattr(found, name)) for name in names]
    pairs += _bridge_changes(wanted.bridge, found.bridge) + _port_changes(wanted.port, found.port)
    pairs += [] if wanted.vlans is None else [("vlans", _vlan_text(wanted), _vlan_text(found))]
    return [change for change in pairs if change[1] != change[2]]


def _vlan_text(link: Link) -> str:
    return ", ".join(map(str, link.vlans or ())) or "none"


def _bridge_changes(wanted: BridgeOptions | None, found: BridgeOptions | None) -> Changes:
    """While the topology changes a bridge with STP ages faster."""
    if wanted is None or found is None:
        return [("bridge", wanted, found)]
    left_out = {*(["ageing_time"] if wanted.stp else []), *([] if wanted.more else ["more"])}
    names = [name for name in BridgeOptions.__struct_fields__ if name not in left_out]
    return [(name, getattr(wanted, name), getattr(found, name)) for name in names]


def _port_changes(wanted: PortOptions | None, found: PortOptions | None) -> Changes:
    if wanted is None or found is None:
        return [("port", wanted, found)]
    names = PortOptions.__struct_fields__
    pairs = ((name, getattr(wanted, name), getattr(found, name)) for name in names)
    return [(name, left, right) for name, left, right in pairs if left not in (None, b"")]


def _addresses(
    wanted: NetworkState, found: NetworkState, focus: frozenset[str]
) -> Iterator[Difference]:
    def compared(snapshot: NetworkState) -> dict[_Identity, Words]:
        return {_address(a): address_words(a) for a in snapshot.addresses}

    yield from _unequal(compared(wanted), compared(found), focus)
    for name in sorted(focus):
        for family in COMPARED_FLAGS:
            left, right = (
                [_address(a) for a in side.addresses_on(name) if a.family == family]
                for side in (wanted, found)
            )
            if left != right and set(left) == set(right):
                yield Difference("changed", f"the order of the addresses of {name}")


def _address(address: Address) -> _Identity:
    valid, preferred = (
        1 if 0 < seconds < FOREVER else seconds for seconds in (address.valid, address.preferred)
    )
    flags = address.flags & COMPARED_FLAGS[address.family]
    return address.link, replace(address, flags=flags, valid=valid, preferred=preferred)


def _routes(wanted: RouteSet, found: RouteSet, focus: frozenset[str]) -> Iterator[Difference]:
    wanted, found = wanted.difference(found), found.difference(wanted)
    yield from _preferences(wanted, found, focus)
    wanted, found = wanted.with_nexthops_split(), found.with_nexthops_split()
    left = dict(zip(wanted.identities(), wanted.messages, strict=True))
    right = dict(zip(found.identities(), found.messages, strict=True))
    more, fewer = Counter(found.identities()), Counter(wanted.identities())
    first = {fib_key(message): message for message in reversed(wanted.messages)}.values()
    for identity in sorted(fewer - more, key=lambda one: has_gateway(left[one])):
        verb = "prepend" if left[identity] in first else "append"
        yield route_difference("missing", verb, left[identity], wanted)
    for identity in more - fewer:
        if focus.intersection(identity[1]):
            yield route_difference("unexpected", "delete", right[identity], found)


def _preferences(wanted: RouteSet, found: RouteSet, focus: frozenset[str]) -> Iterator[Difference]:
    """Of several routes in one place the kernel uses the first that works."""
    now = _ordered(found)
    for one, links in _ordered(wanted).items():
        order = now.get(one, links)
        ours = any(focus.intersection(route) for route in links)
        if ours and order != links and sorted(order) == sorted(links):
            ways = (", then ".join("+".join(route) for route in side) for side in (order, links))
            yield Difference("changed", "competing routes: over {} instead of {}".format(*ways))


def _ordered(routes: RouteSet) -> dict[object, list[tuple[str, ...]]]:
    """The links of the routes in each place, in the kernel's order."""
    order: dict[object, list[tuple[str, ...]]] = {}
    for message in routes.messages:
        if table_of(message) != RT_TABLE_LOCAL and not is_link_local(message):
            order.setdefault(fib_key(message), []).append(routes.links(message))
    return order


def _neighbours(
    wanted: NetworkState, found: NetworkState, focus: frozenset[str]
) -> Iterator[Difference]:
    def compared(snapshot: NetworkState) -> dict[_Identity, Words]:
        entries = (_settled(entry) for entry in snapshot.neighbours if entry.lasting)
        return {(entry.link, entry): neighbour_words(entry) for entry in entries}

    yield from _unequal(compared(wanted), compared(found), focus)


def _settled(entry: Neighbour) -> Neighbour:
    """What the kernel knows about a managed one is of the moment."""
    return replace(entry, state=0, mac="") if entry.managed else entry


def _static_macs(
    wanted: NetworkState, found: NetworkState, focus: frozenset[str]
) -> Iterator[Difference]:
    def compared(snapshot: NetworkState) -> dict[_Identity, Words]:
        return {(entry.link, entry): mac_words(entry) for entry in snapshot.static_macs}

    yield from _unequal(compared(wanted), compared(found), focus)


def _sysctls(
    wanted: NetworkState, found: NetworkState, focus: frozenset[str]
) -> Iterator[Difference]:
    now = {item.key: item.value for item in found.sysctls}
    for item in wanted.sysctls:
        ours = any(f"/{link}/" in item.key for link in focus)
        if ours and now.get(item.key, item.value) != item.value:
            text = f"{item.key} is {now[item.key]}, not {item.value}"
            repair = (f"sysctl -w {item.key}={item.value}",)
            yield Difference("changed", text, repair, item.key)


def _rules(
    wanted: NetworkState, found: NetworkState, focus: frozenset[str]
) -> Iterator[Difference]:
    """Rules of the links in their order; of all others only a loss counts."""
    lost = Counter(wanted.rules) - Counter(found.rules)
    yield from (Difference("missing", f"rule {rule}", rule_repair("add", rule)) for rule in lost)
    for rule in Counter(found.rules) - Counter(wanted.rules):
        if any(rule.names(link) for link in focus):
            yield Difference("unexpected", f"rule {rule}", rule_repair("delete", rule))
    common = Counter(wanted.rules) & Counter(found.rules)
    left, right = ([rule for rule in side.rules if rule in common] for side in (wanted, found))
    if not lost and left != right:
        yield Difference("changed", "the order of the policy rules")


def _nexthops(
    wanted: NetworkState, found: NetworkState, focus: frozenset[str]
) -> Iterator[Difference]:
    def compared(snapshot: NetworkState) -> dict[_Identity, Words]:
        return {(hop.link or "", hop): nexthop_words(hop) for hop in snapshot.nexthops}

    yield from _unequal(compared(wanted), compared(found), focus)


def _clients(
    wanted: NetworkState, found: NetworkState, focus: frozenset[str]
) -> Iterator[Difference]:
    """That there is one of its kind counts, not how it was started."""

    def compared(snapshot: NetworkState) -> dict[_Identity, Words]:
        return {(c.link, c.program): client_words(c) for c in snapshot.clients if c.link in focus}

    yield from _unequal(compared(wanted), compared(found), focus)


def _unequal(
    wanted: Mapping[_Identity, Words], found: Mapping[_Identity, Words], focus: frozenset[str]
) -> Iterator[Difference]:
    for one, (text, make, _) in wanted.items():
        if one not in found:
            yield Difference("missing", text, tuple(make))
    for one, (text, _, end) in found.items():
        if one not in wanted and one[0] in focus:
            yield Difference("unexpected", text, tuple(end))
