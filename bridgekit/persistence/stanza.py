"""What interfaces(5) must say so that the next boot makes the state that a snapshot shows.

The template gets these values finished; it decides nothing.
"""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

from bridgekit.errors import UsageError
from bridgekit.model import wire
from bridgekit.model.addresses import ADDED_WITH, IPV4, IPV6, NODAD, Address, link_local
from bridgekit.model.links import BridgeOptions, Link, PortOptions, StaticMac, Sysctl
from bridgekit.model.route_set import RouteSet, own_legs
from bridgekit.model.route_text import DEFAULT_METRIC, route_text
from bridgekit.model.routes import (
    CACHEINFO,
    DST,
    ENCAP,
    GATEWAY,
    KERNEL_MADE,
    LOCAL_TABLE,
    MAIN_TABLE,
    NH_ID,
    OIF,
    PREF,
    PRIORITY,
    TABLE,
    expires,
    fields,
    head,
    key,
    table,
)
from bridgekit.model.snapshot import Snapshot, in_creation_order

ETHERNET_MTU = 1500
MOST_ROUTES = 1000
ODD_FLAGS = sum(flag for flag in ADDED_WITH if flag != NODAD)
FAMILY_WORD = {IPV4: "inet", IPV6: "inet6"}
PLAIN_DEFAULT = frozenset({TABLE, PRIORITY, GATEWAY, OIF, CACHEINFO, PREF})
"""What a default route may say for `gateway` to express it."""
PASSING = frozenset({9, *range(11, 19), 42, *range(186, 193)})
"""Protocols of routes that someone brings anew: router advertisements and routing daemons."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option line of a stanza."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Stanza:
    """The lines that begin a stanza (`auto`, `iface`), and its options."""

    heads: tuple[str, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Extras:
    """What `apply` adds to the plain stanza.

    A pinned MAC, kernel settings that differ from a new link's, options kept from the NIC's own,
    the families whose addresses a DHCP server gives, how the bridge treats its port, and the ports
    that a bridge had before, as its section named them.
    """

    mac: str | None = None
    settings: tuple[Sysctl, ...] = ()
    kept: tuple[Option, ...] = ()
    leased: frozenset[int] = frozenset()
    port: PortOptions = field(default_factory=PortOptions)
    ports: tuple[str, ...] = ()


def rendered(stanzas: tuple[Stanza, ...], template: str) -> str:
    """Fill the template's text with the stanzas."""
    from jinja2 import Environment, StrictUndefined  # slow to import, and not always needed

    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    return environment.from_string(template).render(stanzas=stanzas)


def stanzas(state: Snapshot, bridge: str, port: str, extras: Extras) -> tuple[Stanza, ...]:
    """Return the stanzas for a bridge with one port, from the state after the migration."""
    link = state.link(bridge)
    assert link is not None, "the state after a migration has the bridge"
    check_names(bridge, port)
    addresses = in_creation_order(state.addresses_on(bridge))
    own = link_local(link.mac)
    lasting = tuple(a for a in addresses if not a.dynamic and a.ip != own)
    routes = _lasting_routes(state.routes, bridge, addresses)
    gateways = {family: _gateway(routes, family) for family in FAMILY_WORD}
    ipv4 = [a for a in lasting if a.family == IPV4]
    ipv6 = [a for a in lasting if a.family == IPV6]
    first = _options(ipv4[0], gateways[IPV4]) if ipv4 else ()
    dhcp = IPV4 in extras.leased
    method = "static" if ipv4 else "dhcp" if dhcp else "manual"
    start = (f"auto {bridge}", f"iface {bridge} inet {method}")
    found = [Stanza(start, (*first, *_bridge_options(link, port, extras)))]
    found += [_further(bridge, address, None) for address in ipv4[1:]]
    if ipv4 and dhcp:  # after the others, which must be there even if no server answers
        found.append(Stanza((f"iface {bridge} inet dhcp",), ()))
    if any(a.family == IPV6 and a.dynamic for a in addresses):
        word = "dhcp" if IPV6 in extras.leased else "auto"
        found.append(Stanza((f"iface {bridge} inet6 {word}",), ()))
    for position, address in enumerate(ipv6):
        found.append(_further(bridge, address, gateways[IPV6] if position == 0 else None))
    rest = tuple(m for m in _written(routes) if m not in gateways.values())
    up = (
        *_up_lines(RouteSet(routes.names, rest), bridge, state.routes),
        *_up_rules_and_neighbours(state, bridge),
        *(_up_static_mac(entry) for entry in state.static_macs_on(bridge)),
    )
    return (*found[:-1], Stanza(found[-1].heads, found[-1].options + up))


def _further(bridge: str, address: Address, gateway: bytes | None) -> Stanza:
    word = FAMILY_WORD[address.family]
    if _is_plain(address):
        return Stanza((f"iface {bridge} {word} static",), _options(address, gateway))
    line = Option("up", f"ip address replace {address} dev {bridge}")
    return Stanza((f"iface {bridge} {word} manual",), (line,))


def _is_plain(address: Address) -> bool:
    """Can `iface … static` say all of it?"""
    odd = address.peer or address.metric or address.scope or address.flags & ODD_FLAGS
    return not odd and address.label in (None, address.link)


def _options(address: Address, gateway: bytes | None) -> tuple[Option, ...]:
    found = list(_ipv4(address) if address.family == IPV4 else _ipv6(address))
    if gateway:
        found.append(Option("gateway", str(ip_address(fields(gateway)[GATEWAY]))))
    return tuple(found)


def _ipv4(address: Address) -> Iterator[Option]:
    network = address.network
    yield Option("address", address.ip)
    yield Option("netmask", str(network.netmask))
    if address.prefixlen < 31:
        yield Option("network", str(network.network_address))
        yield Option("broadcast", address.broadcast or str(network.broadcast_address))


def _ipv6(address: Address) -> Iterator[Option]:
    yield Option("address", f"{address.ip}/{address.prefixlen}")
    if address.preferred == 0:
        yield Option("preferred-lifetime", "0")


def _bridge_options(link: Link, port: str, extras: Extras) -> Iterator[Option]:
    assert link.bridge is not None, "a bridge has bridge options"
    if link.mtu != ETHERNET_MTU:
        yield Option("mtu", str(link.mtu))
        yield Option("pre-up", f"ip link set {port} mtu {link.mtu}")
    others = [name for name in extras.ports if name != port]
    yield Option("bridge_ports", " ".join([*others, port]))
    yield from _behaviour(link.bridge)
    if extras.port.path_cost is not None:
        yield Option("bridge_pathcost", f"{port} {extras.port.path_cost}")
    if extras.port.priority is not None:
        yield Option("bridge_portprio", f"{port} {extras.port.priority}")
    if extras.mac:
        yield Option("bridge_hw", extras.mac)
    for setting in extras.settings:
        yield Option("up", f"sysctl -q -w {setting.key}={shlex.quote(setting.value)}")
    yield from extras.kept


def _behaviour(options: BridgeOptions) -> Iterator[Option]:
    """bridge-utils sets these in an order of its own; times in seconds."""
    usual = BridgeOptions()
    yield Option("bridge_stp", "on" if options.stp else "off")
    yield Option("bridge_fd", f"{options.forward_delay / 100:g}")
    for word, name in (("hello", "hello_time"), ("maxage", "max_age"), ("ageing", "ageing_time")):
        if getattr(options, name) != getattr(usual, name):
            yield Option(f"bridge_{word}", f"{getattr(options, name) / 100:g}")
    if options.priority != usual.priority:
        yield Option("bridge_bridgeprio", str(options.priority))
    if options.vlan_filtering:
        yield Option("bridge_vlan_aware", "yes")


def _lasting_routes(routes: RouteSet, bridge: str, addresses: tuple[Address, ...]) -> RouteSet:
    """The routes that no address, router, daemon or kernel will bring by itself."""
    brought = {
        (address.family, network.network_address.packed, network.prefixlen)
        for address in addresses
        for network in address.connected
    }

    def lasts(message: bytes) -> bool:
        top, found = head(message), fields(message)
        passing = top.protocol in PASSING or expires(message) > 0
        with_address = (top.family, found.get(DST, b""), top.dst_len) in brought
        by_kernel = top.protocol == KERNEL_MADE and with_address
        return not passing and not by_kernel and table(message) != LOCAL_TABLE

    return routes.naming(bridge).where(lasts)


def _written(routes: RouteSet) -> Iterator[bytes]:
    """Of routes by the thousand none is: at boot each line starts a program."""
    return iter(routes.messages) if len(routes) > MOST_ROUTES else routes.one_by_one()


def _gateway(routes: RouteSet, family: int) -> bytes | None:
    """Return the default route that the option `gateway` can express, if there is one."""
    return next((m for m in routes.messages if m[0] == family and _is_plain_default(m)), None)


def _is_plain_default(message: bytes) -> bool:
    top, found = head(message), fields(message)
    metric = wire.u32(found[PRIORITY], 0) if PRIORITY in found else 0
    plain = not (top.dst_len or top.src_len or top.tos) and top.type == 1
    usual = table(message) == MAIN_TABLE and metric == DEFAULT_METRIC[top.family]
    return plain and usual and GATEWAY in found and not found.keys() - PLAIN_DEFAULT


def _up_lines(routes: RouteSet, bridge: str, everything: RouteSet) -> Iterator[Option]:
    """A route that shares its key with another link's must not replace that one at boot.

    Legs of other links are not ours to bring up; an IPv4 route cannot have ours alone before
    the others are there, and then is the business of whoever brings them up.
    """
    keys = Counter(key(message) for message in everything.messages)
    for message in routes.messages:
        if not _can_be_written(message, routes):
            continue
        legs = len(set(routes.links(message))) > 1
        shared = legs or keys[key(message)] > 1
        command = "ip -6 route" if message[0] == IPV6 else "ip route"
        for part in own_legs(message, routes, bridge) if legs else (message,):
            text = route_text(part, routes.name)
            yield Option(
                "up", _anew(command, "append", text) if shared else f"{command} replace {text}"
            )


def _up_rules_and_neighbours(state: Snapshot, bridge: str) -> Iterator[Option]:
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
    found = fields(message)
    ipv4_legs = message[0] == IPV4 and len(set(routes.links(message))) > 1
    return not (ipv4_legs or NH_ID in found or ENCAP in found)


def unwritten(state: Snapshot, bridge: str) -> tuple[str, ...]:
    """Return what of the bridge's state the stanzas cannot say, in words for a person."""
    routes = _lasting_routes(state.routes, bridge, state.addresses_on(bridge))
    texts = [route_text(m, routes.name) for m in routes.samples() if not _can_be_written(m, routes)]
    for group in routes.alike if len(routes) > MOST_ROUTES else ():
        text = route_text(next(group.messages()), routes.name)
        texts.append(f"{text} and {len(group) - 1:,} more like it: too many for this file")
    hops = (f"nexthop {hop}" for hop in state.nexthops if hop.link == bridge)
    return (*(f"route {text}" for text in texts), *hops)


def check_names(*names: str) -> None:
    """UsageError for an interface name that a shell would not take as a word: ifup runs one."""
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_.@+-]+", name):
            raise UsageError(f"{name!r} cannot stand in an interfaces file; nothing was changed")
