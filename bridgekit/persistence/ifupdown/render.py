"""What interfaces(5) must say so that the next boot makes the state that a snapshot shows.

templates/interfaces.j2 gets these values finished; it decides nothing.
"""

import re
from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from bridgekit.errors import UsageError
from bridgekit.persistence.ifupdown import render_bridge, render_routes
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.render_addresses import (
    AddressPlan,
    merged_stanza,
    separate_stanzas,
)
from bridgekit.persistence.ifupdown.render_vlans import vlan_options
from bridgekit.persistence.ifupdown.template import IfaceStanza
from bridgekit.state.address import IPV6, Address, link_local
from bridgekit.state.link import Link, PortOptions, Sysctl, Vlan
from bridgekit.state.network_state import NetworkState, in_creation_order
from bridgekit.state.routes.route_set import RouteSet


class RenderOptions(Struct, frozen=True):
    """What the bridge's stanza says beside its state.

    `mac`: a pinned address. `sysctls`: settings that differ from a new link's. `kept`: options from
    the NIC's own stanza. `dhcp_families`: the families whose addresses a DHCP server gives;
    `dynamic_options`: how it is asked, see AddressPlan. `port`: how the bridge treats its port;
    `port_vlans`: the port's VLANs, None for the kernel's choice; `ports`: those that the bridge's
    former stanza names. `cidr`: prefix lengths instead of a `netmask`. `no_auto_down`: the bridge
    stays up when the host goes down.
    """

    mac: str | None = None
    sysctls: tuple[Sysctl, ...] = ()
    kept: tuple[Option, ...] = ()
    dhcp_families: frozenset[int] = frozenset()
    port: PortOptions = field(default_factory=PortOptions)
    port_vlans: tuple[Vlan, ...] | None = None
    ports: tuple[str, ...] = ()
    dynamic_options: dict[str, tuple[Option, ...]] = field(default_factory=dict)
    cidr: bool = False
    no_auto_down: bool = False


def bridge_stanzas(
    state: NetworkState, bridge: str, nic: str, extra: RenderOptions, dialect: Dialect = CLASSIC
) -> tuple[IfaceStanza, ...]:
    """Return the stanzas for a bridge with one port, from the state after the migration."""
    link = state.link(bridge)
    assert link is not None, "the state after a migration has the bridge"
    addresses = in_creation_order(state.addresses_on(bridge))
    routes = render_routes.lasting_routes(state.routes, bridge, addresses)
    plan = _address_plan(link, addresses, routes, extra, dialect)
    options = tuple(bridge_options(link, nic, extra, dialect))
    by_gateway = set(plan.gateways.values())
    lines = (
        *render_routes.route_lines(routes, bridge, by_gateway, state.routes),
        *_rule_lines(state, bridge),
        *_neighbour_lines(state, bridge),
        *_static_mac_lines(state, bridge),
    )
    if dialect.merges_stanzas:
        return (merged_stanza(bridge, plan, (*options, *lines), dialect),)
    *others, last = separate_stanzas(bridge, plan, options, extra.cidr)
    return (*others, replace(last, options=last.options + lines))


def _address_plan(
    link: Link,
    addresses: tuple[Address, ...],
    routes: RouteSet,
    extra: RenderOptions,
    dialect: Dialect,
) -> AddressPlan:
    own = link_local(link.mac)
    static = tuple(a for a in addresses if not a.dynamic and a.ip != own)
    dhcp = dialect.asks_dhcp_for(extra.dhcp_families)
    gateways = render_routes.gateways(routes, static, dhcp, dialect)
    ipv6_dynamic = any(a.family == IPV6 and a.dynamic for a in addresses)
    return AddressPlan(static, gateways, dhcp, ipv6_dynamic, extra.dynamic_options)


def bridge_options(
    link: Link, nic: str, extra: RenderOptions, dialect: Dialect
) -> Iterator[Option]:
    """Yield the options that make the bridge.

    Raises:
        UsageError: the file cannot hold a link's name.
    """
    _check_names(link.name, nic)
    yield from render_bridge.mtu(link, nic)
    yield render_bridge.ports(dialect, extra.ports, nic)
    yield from render_bridge.settings(dialect, link, nic, extra.port, extra.mac)
    yield from render_bridge.sysctls(extra.sysctls)
    yield from extra.kept
    yield from vlan_options(dialect, link, nic, extra.port_vlans, extra.kept)


def _rule_lines(state: NetworkState, bridge: str) -> Iterator[Option]:
    for rule in (rule for rule in state.rules if rule.names(bridge)):
        command = "ip -6 rule" if rule.family == IPV6 else "ip rule"
        yield Option("up", render_routes.again(command, "add", str(rule)))
        yield Option("down", f"{command} delete {rule} 2> /dev/null || true")


def _neighbour_lines(state: NetworkState, bridge: str) -> Iterator[Option]:
    for entry in (entry for entry in state.neighbours_on(bridge) if entry.lasting):
        yield Option("up", f"ip neighbour replace {entry}")


def _static_mac_lines(state: NetworkState, bridge: str) -> Iterator[Option]:
    for entry in state.static_macs_on(bridge):
        if entry.multicast:
            yield Option("up", render_routes.again("ip maddress", "add", str(entry)))
        else:
            yield Option("up", f"bridge fdb replace {entry} self permanent")


def not_expressible(state: NetworkState, bridge: str) -> tuple[str, ...]:
    """Return what of the bridge's state the stanzas cannot say, in words for a person."""
    addresses = state.addresses_on(bridge)
    routes = render_routes.lasting_routes(state.routes, bridge, addresses)
    nexthops = (f"nexthop {hop}" for hop in state.nexthops if hop.link == bridge)
    return (*render_routes.not_expressible(routes), *nexthops)


def _check_names(*names: str) -> None:
    """Raise UsageError for a name that is more than a word to the shell that ifup runs."""
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_.@+-]+", name):
            raise UsageError(f"{name!r} cannot stand in an interfaces file; nothing was changed")
