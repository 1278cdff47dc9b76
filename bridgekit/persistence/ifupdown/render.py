"""What interfaces(5) must say so that the next boot makes the state that a snapshot shows.

The template gets these values finished; it decides nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct, field

from bridgekit.errors import UsageError
from bridgekit.persistence.ifupdown import render_bridge, render_vlans
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.render_addresses import (
    FAMILY_WORD,
    AddressPlan,
    apart,
    has_words,
    joined,
    split,
)
from bridgekit.persistence.ifupdown.template import OptionGroup
from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address, link_local
from bridgekit.state.link import Link, PortOptions, StaticMac, Sysctl, Vlan
from bridgekit.state.network_state import NetworkState, in_creation_order
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

MOST_ROUTES = 1000
PLAIN_DEFAULT = frozenset({RTA_TABLE, RTA_PRIORITY, RTA_GATEWAY, RTA_OIF, RTA_CACHEINFO, RTA_PREF})
"""What a default route may say for `gateway` to express it."""
PASSING = frozenset({9, *range(11, 19), 42, *range(186, 193)})
"""Protocols of routes that someone brings anew: router advertisements and routing daemons."""


class RenderOptions(Struct, frozen=True):
    """What `apply` adds to the plain stanza.

    A pinned MAC, kernel settings that differ from a new link's, options kept from the NIC's own,
    the families whose addresses a DHCP server gives, how the bridge treats its port, in which VLANs
    that is, and the ports that a bridge had before, as its stanza named them. `asking`: see Given.
    `cidr`: the length of a prefix stands behind the address, instead of a `netmask`. `lasting`: the
    bridge stays up when the host goes down.
    """

    mac: str | None = None
    settings: tuple[Sysctl, ...] = ()
    kept: tuple[Option, ...] = ()
    leased: frozenset[int] = frozenset()
    port: PortOptions = field(default_factory=PortOptions)
    vlans: tuple[Vlan, ...] | None = None
    ports: tuple[str, ...] = ()
    asking: dict[str, tuple[Option, ...]] = field(default_factory=dict)
    cidr: bool = False
    lasting: bool = False


def render(stanzas: tuple[OptionGroup, ...], template: str) -> str:
    """Fill the template's text with the stanzas."""
    from jinja2 import Environment, StrictUndefined  # slow to import, and not always needed

    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    return environment.from_string(template).render(stanzas=stanzas)


def stanzas(
    state: NetworkState, bridge: str, port: str, extras: RenderOptions, dialect: Dialect = CLASSIC
) -> tuple[OptionGroup, ...]:
    """Return the stanzas for a bridge with one port, from the state after the migration."""
    link = state.link(bridge)
    assert link is not None, "the state after a migration has the bridge"
    addresses = in_creation_order(state.addresses_on(bridge))
    own = link_local(link.mac)
    lasting = tuple(a for a in addresses if not a.dynamic and a.ip != own)
    routes = lasting_routes(state.routes, bridge, addresses)
    leased = dialect.asked(extras.leased)
    gateways = _gateways(routes, lasting, leased, dialect)
    advertised = any(a.family == IPV6 and a.dynamic for a in addresses)
    given = AddressPlan(lasting, gateways, leased, advertised, extras.asking)
    words = tuple(bridge_options(link, port, extras, dialect))
    rest = tuple(m for m in _written(routes) if m not in gateways.values())
    up = (
        *_up_lines(RouteSet(routes.names, rest), bridge, state.routes),
        *_up_rules_and_neighbours(state, bridge),
        *(_up_static_mac(entry) for entry in state.static_macs_on(bridge)),
    )
    if dialect.joined:
        return (joined(bridge, given, (*words, *up), dialect),)
    *found, last = apart(bridge, given, words, extras.cidr)
    return (*found, OptionGroup(last.heads, last.options + up))


def bridge_options(
    link: Link, port: str, extras: RenderOptions, dialect: Dialect
) -> Iterator[Option]:
    """Yield what a stanza says to make the bridge; UsageError if a name cannot stand there."""
    check_names(link.name, port)
    yield from render_bridge.mtu(link, port)
    yield render_bridge.ports(dialect, extras.ports, port)
    yield from render_bridge.behaviour(dialect, link, port, extras.port, extras.mac)
    yield from render_bridge.settings(extras.settings)
    yield from extras.kept
    yield from render_vlans.vlans(dialect, link, port, extras.vlans, extras.kept)


def lasting_routes(routes: RouteSet, bridge: str, addresses: tuple[Address, ...]) -> RouteSet:
    """Return the routes that no address, router, daemon or kernel will bring by itself."""
    brought = {
        (address.family, network.network_address.packed, network.prefixlen)
        for address in addresses
        for network in address.connected
    }

    def lasts(message: bytes) -> bool:
        top, found = header(message), attributes(message)
        passing = top.protocol in PASSING or expires(message) > 0
        with_address = (top.family, found.get(RTA_DST, b""), top.dst_len) in brought
        by_kernel = top.protocol == RTPROT_KERNEL and with_address
        return not passing and not by_kernel and table_of(message) != RT_TABLE_LOCAL

    return routes.on_link(bridge).where(lasts)


def _written(routes: RouteSet) -> Iterator[bytes]:
    """Of routes by the thousand none is: at boot each line starts a program."""
    return iter(routes.messages) if len(routes) > MOST_ROUTES else routes.all_messages()


def _gateways(
    routes: RouteSet, addresses: tuple[Address, ...], leased: frozenset[int], dialect: Dialect
) -> dict[int, bytes]:
    """Return the default routes that need no `up` line: `gateway` or a DHCP server brings them."""
    found = {}
    for family in FAMILY_WORD:
        own = [a for a in addresses if a.family == family]
        told = has_words(own[0], dialect) if own else family in leased
        if own and dialect.joined:
            told = not leased and not split(own, dialect)[1]
        route = _gateway(routes, family, dialect)
        if route and told:
            found[family] = route
    return found


def _gateway(routes: RouteSet, family: int, dialect: Dialect) -> bytes | None:
    """Return the default route that the option `gateway` can express, if there is one."""
    ours = (m for m in routes.messages if m[0] == family)
    return next((m for m in ours if _is_plain_default(m, dialect)), None)


def _is_plain_default(message: bytes, dialect: Dialect) -> bool:
    top, found = header(message), attributes(message)
    metric = nlattr.u32(found[RTA_PRIORITY], 0) if RTA_PRIORITY in found else 0
    plain = not (top.dst_len or top.src_len or top.tos) and top.type == RTN_UNICAST
    usual = table_of(message) == RT_TABLE_MAIN and metric == dict(dialect.metrics)[top.family]
    same = usual and dialect.protocol in (None, top.protocol)
    return plain and same and RTA_GATEWAY in found and not found.keys() - PLAIN_DEFAULT


def _up_lines(routes: RouteSet, bridge: str, everything: RouteSet) -> Iterator[Option]:
    """A route that shares its key with another link's must not replace that one at boot.

    Legs of other links are not ours to bring up; an IPv4 route cannot have ours alone before
    the others are there, and then is the business of whoever brings them up.
    """
    keys = Counter(replace_key(message) for message in everything.messages)
    for message in routes.messages:
        if not _can_be_written(message, routes):
            continue
        legs = len(set(routes.links(message))) > 1
        shared = legs or keys[replace_key(message)] > 1
        command = "ip -6 route" if message[0] == IPV6 else "ip route"
        for part in nexthops_over(message, routes, bridge) if legs else (message,):
            text = format_route(part, routes.name)
            yield Option(
                "up", _anew(command, "append", text) if shared else f"{command} replace {text}"
            )


def _up_rules_and_neighbours(state: NetworkState, bridge: str) -> Iterator[Option]:
    for rule in (rule for rule in state.rules if rule.names(bridge)):
        command = "ip -6 rule" if rule.family == IPV6 else "ip rule"
        yield Option("up", _anew(command, "add", str(rule)))
        yield Option("down", f"{command} delete {rule} 2> /dev/null || true")
    for entry in (entry for entry in state.neighbours_on(bridge) if entry.lasting):
        yield Option("up", f"ip neighbour replace {entry}")


def _anew(command: str, verb: str, text: str) -> str:
    """What may be there from before goes first: a line must be good for a second time."""
    return f"{command} delete {text} 2> /dev/null; {command} {verb} {text}"


def _up_static_mac(entry: StaticMac) -> Option:
    if entry.multicast:
        return Option("up", _anew("ip maddress", "add", str(entry)))
    return Option("up", f"bridge fdb replace {entry} self permanent")


def _can_be_written(message: bytes, routes: RouteSet) -> bool:
    found = attributes(message)
    ipv4_legs = message[0] == IPV4 and len(set(routes.links(message))) > 1
    return not (ipv4_legs or RTA_NH_ID in found or RTA_ENCAP in found)


def not_expressible(state: NetworkState, bridge: str) -> tuple[str, ...]:
    """Return what of the bridge's state the stanzas cannot say, in words for a person."""
    routes = lasting_routes(state.routes, bridge, state.addresses_on(bridge))
    texts = [
        format_route(m, routes.name)
        for m in routes.representatives()
        if not _can_be_written(m, routes)
    ]
    for group in routes.blocks if len(routes) > MOST_ROUTES else ():
        text = format_route(next(group.messages()), routes.name)
        texts.append(f"{text} and {len(group) - 1:,} more like it: too many for this file")
    hops = (f"nexthop {hop}" for hop in state.nexthops if hop.link == bridge)
    return (*(f"route {text}" for text in texts), *hops)


def check_names(*names: str) -> None:
    """UsageError for an interface name that a shell would not take as a word: ifup runs one."""
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_.@+-]+", name):
            raise UsageError(f"{name!r} cannot stand in an interfaces file; nothing was changed")
