"""A bridge's routes in interfaces(5): `gateway` options and `up` lines."""

from collections import Counter
from collections.abc import Iterator

from bridgekit.persistence.ifupdown.dialect import Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.render_addresses import FAMILY_WORD, has_options, split
from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.message import attributes, expires, header, replace_key, table_of
from bridgekit.state.routes.route_set import RouteSet, nexthops_over
from bridgekit.uapi.rtnetlink import (
    RT_TABLE_LOCAL,
    RT_TABLE_MAIN,
    RTA_CACHEINFO,
    RTA_DST,
    RTA_ENCAP,
    RTA_GATEWAY,
    RTA_NH_ID,
    RTA_OIF,
    RTA_PREF,
    RTA_PRIORITY,
    RTA_TABLE,
    RTN_UNICAST,
    RTPROT_KERNEL,
)

MAX_ROUTES = 1000
PLAIN_DEFAULT = frozenset({RTA_TABLE, RTA_PRIORITY, RTA_GATEWAY, RTA_OIF, RTA_CACHEINFO, RTA_PREF})
"""What a default route may say for `gateway` to express it."""
DYNAMIC_PROTOCOLS = frozenset({9, *range(11, 19), 42, *range(186, 193)})
"""Protocols of routes that a daemon or a router makes anew: RTPROT_RA, RTPROT_ZEBRA to
RTPROT_KEEPALIVED, RTPROT_BABEL, RTPROT_BGP to RTPROT_EIGRP."""


def lasting_routes(routes: RouteSet, bridge: str, addresses: tuple[Address, ...]) -> RouteSet:
    """Return the routes that no address, router, daemon or kernel makes by itself."""
    connected = {
        (address.family, network.network_address.packed, network.prefixlen)
        for address in addresses
        for network in address.connected
    }

    def lasts(message: bytes) -> bool:
        top, fields = header(message), attributes(message)
        if top.protocol in DYNAMIC_PROTOCOLS or expires(message) > 0:
            return False
        destination = (top.family, fields.get(RTA_DST, b""), top.dst_len)
        by_kernel = top.protocol == RTPROT_KERNEL and destination in connected
        return not by_kernel and table_of(message) != RT_TABLE_LOCAL

    return routes.on_link(bridge).where(lasts)


def gateways(
    routes: RouteSet, addresses: tuple[Address, ...], dhcp: frozenset[int], dialect: Dialect
) -> dict[int, bytes]:
    """Return by family the default route that `gateway` or a DHCP server makes."""
    plain = {family: _plain_default(routes, family, dialect) for family in FAMILY_WORD}
    return {
        family: route
        for family, route in plain.items()
        if route and _has_gateway(family, addresses, dhcp, dialect)
    }


def _has_gateway(
    family: int, addresses: tuple[Address, ...], dhcp: frozenset[int], dialect: Dialect
) -> bool:
    """Return whether a stanza of this family can have the option `gateway`, or asks for one."""
    own = [address for address in addresses if address.family == family]
    if not own:
        return family in dhcp
    if dialect.merges_stanzas:
        return not dhcp and not split(own, dialect)[1]
    return has_options(own[0], dialect)


def _plain_default(routes: RouteSet, family: int, dialect: Dialect) -> bytes | None:
    """Return the default route that the option `gateway` can express, if there is one."""
    ours = (message for message in routes.messages if message[0] == family)
    return next((message for message in ours if _is_plain_default(message, dialect)), None)


def _is_plain_default(message: bytes, dialect: Dialect) -> bool:
    top, fields = header(message), attributes(message)
    metric = nlattr.u32(fields[RTA_PRIORITY], 0) if RTA_PRIORITY in fields else 0
    if top.dst_len or top.src_len or top.tos or top.type != RTN_UNICAST:
        return False
    if table_of(message) != RT_TABLE_MAIN or metric != dict(dialect.gateway_metrics)[top.family]:
        return False
    same_protocol = dialect.gateway_protocol in (None, top.protocol)
    return same_protocol and RTA_GATEWAY in fields and not fields.keys() - PLAIN_DEFAULT


def route_lines(
    routes: RouteSet, bridge: str, without: set[bytes], all_routes: RouteSet
) -> Iterator[Option]:
    """Yield the lines that make these routes.

    A route that shares its key with another link's must not replace that one at boot. Next hops
    over other links are not brought up by this bridge; an IPv4 route cannot have ours alone before
    the others exist, so whoever brings those up must make it. IPv4 routes that stand before the
    connected one of their key, which the address makes, are put there again.
    """
    keys = Counter(replace_key(message) for message in all_routes.messages)
    chosen = (message for message in _few(routes) if message not in without)
    rest = RouteSet(routes.names, tuple(chosen))
    expressible = [message for message in rest.messages if _is_expressible(message, rest)]
    first = _before_connected(expressible, all_routes)
    for message in reversed(first):
        yield Option("up", again("ip route", "prepend", format_route(message, rest.name)))
    for message in (message for message in expressible if message not in first):
        multipath = len(set(rest.links(message))) > 1
        shared = multipath or keys[replace_key(message)] > 1
        command = "ip -6 route" if message[0] == IPV6 else "ip route"
        for part in nexthops_over(message, rest, bridge) if multipath else (message,):
            text = format_route(part, rest.name)
            line = again(command, "append", text) if shared else f"{command} replace {text}"
            yield Option("up", line)


def _before_connected(messages: list[bytes], all_routes: RouteSet) -> list[bytes]:
    """Return the IPv4 routes that the kernel lists before a connected one of the same key."""
    order = {message: at for at, message in enumerate(all_routes.messages)}
    connected = {
        replace_key(message): at
        for message, at in order.items()
        if header(message).protocol == RTPROT_KERNEL and message[0] == IPV4
    }
    return [
        message
        for message in messages
        if order.get(message, len(order)) < connected.get(replace_key(message), 0)
    ]


def again(command: str, verb: str, text: str) -> str:
    """Return a line that may run a second time: it deletes what the first time has made."""
    return f"{command} delete {text} 2> /dev/null; {command} {verb} {text}"


def not_expressible(routes: RouteSet) -> tuple[str, ...]:
    """Return the routes that no line can make, in words for a person."""
    texts = [
        format_route(m, routes.name)
        for m in routes.representatives()
        if not _is_expressible(m, routes)
    ]
    for block in routes.blocks if len(routes) > MAX_ROUTES else ():
        text = format_route(next(block.messages()), routes.name)
        texts.append(f"{text} and {len(block) - 1:,} more like it: too many for this file")
    return tuple(f"route {text}" for text in texts)


def _few(routes: RouteSet) -> Iterator[bytes]:
    """Yield all routes, or none of a block's where there are thousands: each line is a program."""
    return iter(routes.messages) if len(routes) > MAX_ROUTES else routes.all_messages()


def _is_expressible(message: bytes, routes: RouteSet) -> bool:
    fields = attributes(message)
    ipv4_multipath = message[0] == IPV4 and len(set(routes.links(message))) > 1
    return not (ipv4_multipath or RTA_NH_ID in fields or RTA_ENCAP in fields)
