"""What would not be on the bridge exactly as it is on the NIC, as findings."""

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import NAME_BYTES, Intent
from bridgekit.state.address import DADFAILED, IPV4, IPV6, Address
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.message import (
    ENCAP,
    GATEWAY,
    LOCAL_TABLE,
    METRICS,
    MULTIPATH,
    PREFSRC,
    VIA,
    attributes,
    dead_oifs,
    destination,
    fib_key,
    header,
    hops,
    is_link_multicast,
    table_of,
)

LOCAL = 2  # RTN_LOCAL
ESCAPE = re.compile(r"\\x[0-9a-f]{2}")
EVERYBODY = ip_address("255.255.255.255")


def check_fidelity(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Yield addresses and routes that the kernel would not make alike."""
    found = snapshot.addresses_on(intent.nic)
    for address in found:
        if address.family == IPV6 and address.flags & DADFAILED:
            message = f"{address.ip} is in use by another machine: duplicate detection failed"
            advice = f"ip address delete {address.ip}/{address.prefixlen} dev {intent.nic}"
            yield Finding("refuse", "address-in-use", message, advice)
        label = address.on(intent.bridge).label
        if label and len(label.encode()) > NAME_BYTES:
            message = f"the label {address.label} of {address.ip} would be {label}: too long"
            yield Finding("refuse", "label-too-long", message, "choose a shorter --bridge or label")
    yield from _unreadable(snapshot, intent.nic, found)
    yield from _removed(snapshot, intent.nic, found)
    yield from _dead_legs(snapshot, intent.nic)
    yield from _indistinct(snapshot, intent.nic)
    yield from _without_source(snapshot, intent.nic)
    yield from _twice(snapshot, intent.nic)
    for rule in snapshot.rules:
        if rule.stops_the_rest and rule.names(intent.nic):
            message = f"this rule would drop everything while it moves: {rule}"
            advice = f"write it without `not`, or without {intent.nic}"
            yield Finding("refuse", "inverted-rule", message, advice)


def _unreadable(snapshot: NetworkState, nic: str, found: tuple[Address, ...]) -> Iterator[Finding]:
    """A text that is no UTF-8 is shown, and would be set, with escapes in it."""
    link = snapshot.link(nic)
    texts = [("alias", link.alias)] if link else []
    texts += [("label", address.label) for address in found]
    for kind, text in texts:
        if text and ESCAPE.search(text):
            what = f"the {kind} {text} of {nic} holds bytes that are no text (UTF-8)"
            yield Finding("refuse", "unreadable-text", what, f"give {nic} another {kind}")


def _dead_legs(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """A leg dies with its link, or the link's last IPv4 address; none can be made that is dead."""
    routes = snapshot.routes.on_link(nic)
    for message in routes.samples():
        dead = [routes.name(index) for index in dead_oifs(message)]
        if dead:
            text = format_route(message, routes.name)
            what = f"the leg over {dead[0]} of this route is dead, and none is made so: {text}"
            advice = "make the route anew without that leg, or bring its link up"
            yield Finding("refuse", "dead-leg", what, advice)


def _indistinct(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """Of two routes in one place the kernel would delete the first when the second is to go."""
    routes = snapshot.routes.on_link(nic)
    before: dict[object, list[bytes]] = {}
    for message in (message for message in routes.messages if message[0] == IPV4):
        others = before.setdefault(fib_key(message), [])
        if any(_taken_for(other, message) for other in others):
            text = format_route(message, routes.name)
            what = f"the kernel cannot tell this route from one before it when it goes: {text}"
            advice = "give one of them another metric, or remove one"
            yield Finding("refuse", "indistinct-routes", what, advice)
        others.append(message)


def _taken_for(other: bytes, message: bytes) -> bool:
    """Would the kernel delete the other one? See fib_table_delete and fib_nh_match in net/ipv4."""
    theirs, ours = attributes(other), attributes(message)
    same = other[5:8] == message[5:8]  # protocol, scope, type
    named = all(
        ours[kind] == theirs.get(kind) for kind in (PREFSRC, METRICS, ENCAP) if kind in ours
    )
    ways, way = _ways(other), _ways(message)
    fits = ways == way[: len(ways)] if MULTIPATH in ours else ways[:1] == way
    return same and named and fits


def _ways(message: bytes) -> list[tuple[int, bytes]]:
    return [(index, found.get(GATEWAY) or found.get(VIA, b"")) for _, index, found in hops(message)]


def _without_source(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """Of another table's routes the kernel keeps one whose source address goes, but makes none."""
    routes = snapshot.routes.on_link(nic)
    local = (m for m in snapshot.routes.messages if header(m).type == LOCAL)
    nets = {destination(message) for message in local if table_of(message) == LOCAL_TABLE}
    sources = {found[PREFSRC] for found in map(attributes, routes.samples()) if PREFSRC in found}
    gone = {packed for packed in sources if not any(ip_address(packed) in net for net in nets)}
    for message in routes.samples():
        if attributes(message).get(PREFSRC) in gone:
            text = format_route(message, routes.name)
            what = f"the host has no address that is this route's source: {text}"
            yield Finding("refuse", "source-gone", what, "add that address, or remove the route")


def _twice(snapshot: NetworkState, nic: str) -> Iterator[Finding]:
    """An address with two prefix lengths has two local routes, whose order nobody can restore."""
    routes = snapshot.routes.on_link(nic)
    local = (m for m in routes.messages if m[0] == IPV4 and header(m).type == LOCAL)
    counted = Counter(destination(m) for m in local if table_of(m) == LOCAL_TABLE)
    for net in (net for net, count in counted.items() if count > 1):
        message = f"{net.network_address} is on {nic} more than once"
        yield Finding("refuse", "address-twice", message, "remove all of them but one")


def _removed(snapshot: NetworkState, nic: str, found: tuple[Address, ...]) -> Iterator[Finding]:
    """What the kernel makes with an address, and someone has removed, would be there again."""
    local = [m for m in snapshot.routes.messages if table_of(m) == LOCAL_TABLE]
    there = {destination(message).network_address for message in local}
    wanted = [ip_address(a.ip) for a in found if not a.tentative]
    wanted += [ip_address(a.broadcast) for a in found if a.broadcast]
    missing = [str(ip) for ip in wanted if ip not in there and ip != EVERYBODY]
    ours = snapshot.routes.on_link(nic).messages
    if any(a.family == IPV6 for a in found) and not any(map(is_link_multicast, ours)):
        missing.append("ff00::/8")
    for ip in missing:
        message = f"the route to {ip} of the table local is gone, and would come back with the move"
        advice = "remove its address, or give it to the NIC anew, which brings the route"
        yield Finding("refuse", "local-route-removed", message, advice)
