"""The one equality of network states, and what it leaves out.

Left out: interface numbers; remaining lifetimes (not whether there is one); carrier and other
marks of the moment on links, addresses and routes; the ageing time of a bridge with STP, which
changes with the topology; of a new bridge and a new port the settings that nobody asked for; the
order of routes to fe80::/64, of which every link has its own, and of the nexthops of an IPv6 route,
which the kernel keeps as routes of their own; neighbour entries that come and go by themselves;
the privacy mark of an IPv6 address, which only the kernel can set; how a DHCP client was started;
and what depends on a link or manages it. Of links other than the two that a
migration is about only a loss counts: others may add what they like.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from bridgekit.planning.diff_dns import dns_differences
from bridgekit.planning.diff_links import link_differences
from bridgekit.planning.diff_rules import rule_differences
from bridgekit.planning.difference import (
    Described,
    Difference,
    describe_address,
    describe_client,
    describe_neighbour,
    describe_nexthop,
    describe_static_mac,
    route_difference,
)
from bridgekit.planning.operations import (
    AddRoutes,
    PrependRoutes,
    RemoveRoutes,
    SetSysctl,
)
from bridgekit.state.address import FOREVER, IPV4, IPV6, Address
from bridgekit.state.link import Neighbour
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

_Identity = tuple[str, Hashable]
"""The link that something belongs to, and what makes it the same as another."""


def differences(
    wanted: NetworkState, actual: NetworkState, links: Iterable[str]
) -> tuple[Difference, ...]:
    """Compare two states of a host, strictly for these links, for losses on all others."""
    return tuple(_each(wanted, actual, frozenset(links)))


def differ(wanted: NetworkState, actual: NetworkState, links: Iterable[str]) -> bool:
    """Return whether there is any difference; it stops at the first."""
    return any(True for _ in _each(wanted, actual, frozenset(links)))


def _each(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    yield from link_differences(wanted, actual, links)
    yield from _addresses(wanted, actual, links)
    yield from _nexthops(wanted, actual, links)
    yield from _routes(wanted.routes, actual.routes, links)
    yield from _neighbours(wanted, actual, links)
    yield from _static_macs(wanted, actual, links)
    yield from _sysctls(wanted, actual, links)
    yield from rule_differences(wanted, actual, links)
    yield from _clients(wanted, actual, links)
    yield from dns_differences(wanted, actual, links)


def _addresses(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    def compared(snapshot: NetworkState) -> dict[_Identity, Described]:
        return {_address(a): describe_address(a) for a in snapshot.addresses}

    yield from _missing_and_unexpected(compared(wanted), compared(actual), links)
    for name in sorted(links):
        for family in COMPARED_FLAGS:
            left, right = (
                [_address(a) for a in side.addresses_on(name) if a.family == family]
                for side in (wanted, actual)
            )
            if left != right and set(left) == set(right):
                yield Difference("changed", f"the order of the addresses of {name}", (), (name,))


def _address(address: Address) -> _Identity:
    valid, preferred = (
        1 if 0 < seconds < FOREVER else seconds for seconds in (address.valid, address.preferred)
    )
    flags = address.flags & COMPARED_FLAGS[address.family]
    return address.link, replace(address, flags=flags, valid=valid, preferred=preferred)


def _routes(wanted: RouteSet, actual: RouteSet, links: frozenset[str]) -> Iterator[Difference]:
    wanted, actual = wanted.difference(actual), actual.difference(wanted)
    yield from _order_of_routes(wanted, actual, links)
    wanted, actual = wanted.with_nexthops_split(), actual.with_nexthops_split()
    left = dict(zip(wanted.identities(), wanted.messages, strict=True))
    right = dict(zip(actual.identities(), actual.messages, strict=True))
    more, fewer = Counter(actual.identities()), Counter(wanted.identities())
    first = set({fib_key(message): message for message in reversed(wanted.messages)}.values())
    for identity in sorted(fewer - more, key=lambda one: has_gateway(left[one])):
        kind = PrependRoutes if left[identity] in first else AddRoutes
        yield route_difference("missing", kind, left[identity], wanted)
    for identity in more - fewer:
        if links.intersection(identity[1]):
            yield route_difference("unexpected", RemoveRoutes, right[identity], actual)


def _order_of_routes(
    wanted: RouteSet, actual: RouteSet, links: frozenset[str]
) -> Iterator[Difference]:
    """Compare the order of routes of one key: the kernel uses the first that works."""
    orders = _links_by_key(actual)
    for key, old in _links_by_key(wanted).items():
        new = orders.get(key, old)
        ours = any(links.intersection(route) for route in old)
        if ours and new != old and sorted(new) == sorted(old):
            ways = (", then ".join("+".join(route) for route in side) for side in (new, old))
            yield Difference("changed", "competing routes: over {} instead of {}".format(*ways))


def _links_by_key(routes: RouteSet) -> dict[object, list[tuple[str, ...]]]:
    """Return the links of the routes of each key, in the kernel's order."""
    order: dict[object, list[tuple[str, ...]]] = {}
    for message in routes.messages:
        if table_of(message) != RT_TABLE_LOCAL and not is_link_local(message):
            order.setdefault(fib_key(message), []).append(routes.links(message))
    return order


def _neighbours(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    def compared(snapshot: NetworkState) -> dict[_Identity, Described]:
        entries = (_without_managed_state(entry) for entry in snapshot.neighbours if entry.lasting)
        return {(entry.link, entry): describe_neighbour(entry) for entry in entries}

    yield from _missing_and_unexpected(compared(wanted), compared(actual), links)


def _without_managed_state(entry: Neighbour) -> Neighbour:
    """Return the entry without the state that the kernel keeps fresh by itself."""
    return replace(entry, state=0, mac="") if entry.managed else entry


def _static_macs(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    def compared(snapshot: NetworkState) -> dict[_Identity, Described]:
        return {(entry.link, entry): describe_static_mac(entry) for entry in snapshot.static_macs}

    yield from _missing_and_unexpected(compared(wanted), compared(actual), links)


def _sysctls(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    now = {item.key: item.value for item in actual.sysctls}
    for item in wanted.sysctls:
        ours = any(f"/{link}/" in item.key for link in links)
        if ours and now.get(item.key, item.value) != item.value:
            text = f"{item.key} is {now[item.key]}, not {item.value}"
            repair = SetSysctl(item.key, now[item.key], item.value)
            yield Difference("changed", text, (repair,), tuple(links), item.key)


def _nexthops(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    def compared(snapshot: NetworkState) -> dict[_Identity, Described]:
        return {(hop.link or "", hop): describe_nexthop(hop) for hop in snapshot.nexthops}

    yield from _missing_and_unexpected(compared(wanted), compared(actual), links)


def _clients(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    """Compare which programs run on which links, not how they were started."""

    def compared(snapshot: NetworkState) -> dict[_Identity, Described]:
        return {
            (c.link, c.program): describe_client(c) for c in snapshot.clients if c.link in links
        }

    yield from _missing_and_unexpected(compared(wanted), compared(actual), links)


def _missing_and_unexpected(
    wanted: Mapping[_Identity, Described],
    actual: Mapping[_Identity, Described],
    links: frozenset[str],
) -> Iterator[Difference]:
    for identity, (text, add, _) in wanted.items():
        if identity not in actual:
            yield Difference("missing", text, (add,), (identity[0],))
    for identity, (text, _, remove) in actual.items():
        if identity not in wanted and identity[0] in links:
            yield Difference("unexpected", text, (remove,) if remove else (), (identity[0],))
