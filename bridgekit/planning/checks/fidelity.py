"""Checks of what the kernel would not make on the bridge exactly as it is on the NIC."""

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

from bridgekit.planning.findings import Finding
from bridgekit.planning.findings import fidelity as kinds
from bridgekit.planning.intent import NAME_BYTES, Intent
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.message import (
    attributes,
    dead_oifs,
    destination,
    fib_key,
    header,
    is_link_multicast,
    nexthops,
    table_of,
)
from bridgekit.uapi.if_addr import IFA_F_DADFAILED
from bridgekit.uapi.rtnetlink import (
    RT_TABLE_LOCAL,
    RTA_ENCAP,
    RTA_GATEWAY,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_PREFSRC,
    RTA_VIA,
    RTN_LOCAL,
)

ESCAPE = re.compile(r"\\x[0-9a-f]{2}")
LIMITED_BROADCAST = ip_address("255.255.255.255")


def check_fidelity(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Refuse addresses, routes and rules that cannot be reproduced on the bridge."""
    nic = intent.nic
    yield from _check_addresses(snapshot, intent)
    yield from _check_texts(snapshot, nic)
    yield from _check_local_routes(snapshot, nic)
    yield from _check_dead_nexthops(snapshot, nic)
    yield from _check_indistinct(snapshot, nic)
    yield from _check_sources(snapshot, nic)
    yield from _check_duplicates(snapshot, nic)
    for rule in snapshot.rules:
        if rule.stops_the_rest and rule.names(nic):
            text = f"this rule would drop everything while it moves: {rule}"
            yield kinds.INVERTED_RULE.finding(text, nic=nic)


def _check_addresses(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    for address in snapshot.addresses_on(intent.nic):
        if address.family == IPV6 and address.flags & IFA_F_DADFAILED:
            yield kinds.ADDRESS_IN_USE.finding(
                f"{address.ip} is in use by another machine: duplicate detection failed",
                address=f"{address.ip}/{address.prefixlen}",
                nic=intent.nic,
            )
        label = address.on(intent.bridge).label
        if label and len(label.encode()) > NAME_BYTES:
            text = f"the label {address.label} of {address.ip} would be {label}: too long"
            yield kinds.LABEL_TOO_LONG.finding(text)


def _check_texts(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """Refuse texts that are not UTF-8: they are read, and would be set, with escapes in them."""
    texts = [("alias", snapshot.require(nic).alias)]
    texts += [("label", address.label) for address in snapshot.addresses_on(nic)]
    for kind, text in texts:
        if text and ESCAPE.search(text):
            yield kinds.UNREADABLE_TEXT.finding(
                f"the {kind} {text} of {nic} holds bytes that are no text (UTF-8)",
                nic=nic,
                kind=kind,
            )


def _check_dead_nexthops(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """Refuse routes with a dead nexthop, which the kernel does not take.

    A nexthop dies with its link, or with the link's last IPv4 address.
    """
    routes = snapshot.routes.on_link(nic)
    for message in routes.representatives():
        dead = [routes.name(index) for index in dead_oifs(message)]
        if dead:
            route = format_route(message, routes.name)
            yield kinds.DEAD_LEG.finding(
                f"the kernel adds no route with a dead nexthop, over {dead[0]} here: {route}"
            )


def _check_indistinct(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """Refuse two routes of which the kernel would delete the first when the second is meant."""
    routes = snapshot.routes.on_link(nic)
    earlier: dict[object, list[bytes]] = {}
    for message in (message for message in routes.messages if message[0] == IPV4):
        others = earlier.setdefault(fib_key(message), [])
        if any(_is_deleted_for(other, message) for other in others):
            route = format_route(message, routes.name)
            yield kinds.INDISTINCT_ROUTES.finding(
                f"the kernel cannot tell this route from one before it when it goes: {route}"
            )
        others.append(message)


def _is_deleted_for(other: bytes, message: bytes) -> bool:
    """Return whether RTM_DELROUTE for `message` would delete `other`.

    See fib_table_delete and fib_nh_match in net/ipv4.
    """
    theirs, ours = attributes(other), attributes(message)
    same = other[5:8] == message[5:8]  # protocol, scope, type
    named = all(
        ours[kind] == theirs.get(kind)
        for kind in (RTA_PREFSRC, RTA_METRICS, RTA_ENCAP)
        if kind in ours
    )
    theirs_via, ours_via = _nexthops(other), _nexthops(message)
    if RTA_MULTIPATH in ours:
        fits = ours_via[: len(theirs_via)] == theirs_via
    else:
        fits = theirs_via[:1] == ours_via
    return same and named and fits


def _nexthops(message: bytes) -> list[tuple[int, bytes]]:
    """Return the link and the gateway of each nexthop."""
    return [
        (index, found.get(RTA_GATEWAY) or found.get(RTA_VIA, b""))
        for _, index, found in nexthops(message)
    ]


def _check_sources(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """Refuse routes whose source address is gone.

    The kernel keeps such a route of another table when the address is deleted, but adds none.
    """
    routes = snapshot.routes.on_link(nic)
    local = (m for m in snapshot.routes.messages if header(m).type == RTN_LOCAL)
    nets = {destination(message) for message in local if table_of(message) == RT_TABLE_LOCAL}
    sources = {
        found[RTA_PREFSRC]
        for found in map(attributes, routes.representatives())
        if RTA_PREFSRC in found
    }
    gone = {packed for packed in sources if not any(ip_address(packed) in net for net in nets)}
    for message in routes.representatives():
        if attributes(message).get(RTA_PREFSRC) in gone:
            route = format_route(message, routes.name)
            yield kinds.SOURCE_GONE.finding(
                f"the host has no address that is this route's source: {route}"
            )


def _check_duplicates(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """Refuse an address with two prefix lengths: the order of its two local routes is lost."""
    routes = snapshot.routes.on_link(nic)
    local = (m for m in routes.messages if m[0] == IPV4 and header(m).type == RTN_LOCAL)
    counted = Counter(destination(m) for m in local if table_of(m) == RT_TABLE_LOCAL)
    for net in (net for net, count in counted.items() if count > 1):
        yield kinds.ADDRESS_TWICE.finding(f"{net.network_address} is on {nic} more than once")


def _check_local_routes(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """Refuse where someone removed a route that the kernel makes again with its address."""
    addresses = snapshot.addresses_on(nic)
    local = [m for m in snapshot.routes.messages if table_of(m) == RT_TABLE_LOCAL]
    present = {destination(message).network_address for message in local}
    wanted = [ip_address(a.ip) for a in addresses if not a.tentative]
    wanted += [ip_address(a.broadcast) for a in addresses if a.broadcast]
    missing = [str(ip) for ip in wanted if ip not in present and ip != LIMITED_BROADCAST]
    ours = snapshot.routes.on_link(nic).messages
    if any(a.family == IPV6 for a in addresses) and not any(map(is_link_multicast, ours)):
        missing.append("ff00::/8")
    for ip in missing:
        yield kinds.LOCAL_ROUTE_REMOVED.finding(
            f"the route to {ip} of the table local is gone, and would come back with the move"
        )
