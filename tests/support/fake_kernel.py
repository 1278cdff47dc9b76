"""A network namespace in memory, as strict as the kernel: it refuses what the kernel refuses.

Each method is one request of rtnetlink(7) or one write below /proc/sys, with what the kernel does
beside it: routes that come and go with addresses and links. tests/netns/test_fake_machine.py runs
the same plans here and on a real kernel and compares.
"""

import errno
import os
from collections.abc import Collection, Iterator
from ipaddress import IPv6Address, ip_address, ip_network

from msgspec.structs import replace

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address, link_local
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import BridgeSettings, Link, Neighbour, PortOptions, StaticMac, Sysctl
from bridgekit.state.link_dns import LinkDns, Setting
from bridgekit.state.network_state import NetworkState, default_sysctls, without
from bridgekit.state.routes import message as rt
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import Nexthop, Rule
from bridgekit.uapi.if_addr import IFA_F_SECONDARY
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_EUI64
from bridgekit.uapi.rtnetlink import (
    RT_SCOPE_HOST,
    RT_SCOPE_LINK,
    RT_SCOPE_UNIVERSE,
    RT_TABLE_LOCAL,
    RT_TABLE_MAIN,
    RTA_DST,
    RTA_GATEWAY,
    RTA_NH_ID,
    RTA_OIF,
    RTA_PREF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_TABLE,
    RTN_ANYCAST,
    RTN_BROADCAST,
    RTN_LOCAL,
    RTN_MULTICAST,
    RTN_UNICAST,
    RTNH_F_ONLINK,
    RTPROT_KERNEL,
)

ETH_DATA_LEN = 1500
METRIC6 = 1024
"""IP6_RT_PRIO_USER (net/ip6_route.h): the metric of an IPv6 route that names none."""


def refuse(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def kernel_route(index: int, dst: str, kind: int, metric: int = 0, source: str = "") -> bytes:
    """A route that the kernel makes by itself, as it dumps it."""
    net = ip_network(dst)
    main = kind == RTN_UNICAST
    scope = RT_SCOPE_UNIVERSE
    if net.version == 4:
        scope = RT_SCOPE_HOST if kind == RTN_LOCAL else RT_SCOPE_LINK
    table = RT_TABLE_MAIN if main else RT_TABLE_LOCAL
    family = IPV4 if net.version == 4 else IPV6
    parts = [
        rt.RTMSG.pack(family, net.prefixlen, 0, 0, table, RTPROT_KERNEL, scope, kind, 0),
        nlattr.pack_u32(RTA_TABLE, table),
        nlattr.pack(RTA_DST, net.network_address.packed),
        nlattr.pack_u32(RTA_PRIORITY, metric) if metric or family == IPV6 else b"",
        nlattr.pack(RTA_PREFSRC, ip_address(source).packed) if source else b"",
        nlattr.pack_u32(RTA_OIF, index),
        nlattr.pack(RTA_PREF, b"\0") if family == IPV6 else b"",
    ]
    return b"".join(parts)


class FakeKernel:
    """The state of one network namespace. A refusal is an OSError with the kernel's errno."""

    def __init__(self, state: NetworkState) -> None:
        self.state = replace(state, routes=RouteSet())
        self.messages = list(state.routes.resolved(self._indices()).all_messages())
        self.follows_ports = set[str]()
        """Bridges whose MTU nobody set since they were made: it is the least of their ports'."""

    def snapshot(self) -> NetworkState:
        names = tuple((link.index, link.name) for link in self.state.links)
        return replace(self.state, routes=RouteSet(names, tuple(self.messages)))

    def _indices(self) -> dict[str, int]:
        return {link.name: link.index for link in self.state.links}

    def link(self, name: str) -> Link:
        found = self.state.link(name)
        if found is None:
            raise refuse(errno.ENODEV)
        return found

    def _set(self, **parts: object) -> None:
        self.state = replace(self.state, **parts)

    # links

    def create_bridge(self, name: str, settings: BridgeSettings) -> None:
        if self.state.link_by_any_name(name):
            raise refuse(errno.EEXIST)
        ipv6 = any(link.addrgenmode is not None for link in self.state.links)
        made = Link(
            *(max(self._indices().values(), default=0) + 1, name, "bridge"),
            *(settings.mac, settings.mtu, False, False),
            addrgenmode=0 if ipv6 else None,
            bridge=settings.options,
            qlen=settings.qlen,
            group=settings.group,
        )
        defaults = default_sysctls(self.state).items()
        settings_made = tuple(Sysctl(key.format(name), value) for key, value in defaults)
        self._set(links=(*self.state.links, made), sysctls=self.state.sysctls + settings_made)
        self.follows_ports.add(name)

    def delete_link(self, name: str) -> None:
        index = self.link(name).index
        for hop in self.state.nexthops:
            if hop.link == name:
                self._drop_routes_of_nexthop(hop)
        self._drop_routes(index)
        rest = without(self.state, name)
        freed = (
            replace(link, controller=None, port=None, forwarding=False)
            if link.controller == name
            else link
            for link in rest.links
        )
        self.state = replace(
            rest,
            links=tuple(freed),
            neighbours=tuple(one for one in rest.neighbours if one.link != name),
            static_macs=tuple(one for one in rest.static_macs if one.link != name),
            nexthops=tuple(one for one in rest.nexthops if one.link != name),
            sysctls=tuple(one for one in rest.sysctls if f"/{name}/" not in one.key),
        )

    def change_link(self, name: str, /, **values: object) -> None:
        changed = replace(self.link(name), **values)
        if changed.mtu != self.link(name).mtu:
            self.follows_ports.discard(name)
        self._set(links=tuple(changed if x.name == name else x for x in self.state.links))

    def rename_link(self, name: str, new: str) -> None:
        """Equivalent to: ip link set name. What belongs to the link follows."""
        self.change_link(name, name=new)
        kinds = ("addresses", "neighbours", "static_macs", "nexthops")
        for kind in kinds:
            items = getattr(self.state, kind)
            self._set(**{kind: tuple(x.on(new) if x.link == name else x for x in items)})
        keys = ((one, one.key.replace(f"/{name}/", f"/{new}/")) for one in self.state.sysctls)
        self._set(sysctls=tuple(replace(one, key=key) for one, key in keys))

    def set_up(self, name: str, up: bool) -> None:
        was = self.link(name).up
        self.change_link(name, up=up)
        if up and not was:
            for address in self.state.addresses_on(name):
                self._make_routes(address)
            self._carrier(name)
        if was and not up:
            self._down(self.link(name))

    def _down(self, link: Link) -> None:
        """IPv6 forgets all of a link that is down, IPv4 its routes but for the local ones."""
        for address in self.state.addresses_on(link.name):
            if address.family == IPV6:
                self.delete_address(address)
        self.messages[:] = [m for m in self.messages if _is_host4(m) or link.index not in _oifs(m)]
        entries = (one for one in self.state.neighbours if one.link != link.name or one.lasting)
        self._set(neighbours=tuple(entries))
        self._carrier(link.name)

    def _carrier(self, name: str) -> None:
        """A bridge has a carrier while a port forwards; IPv6 begins when there is one."""
        link = self.link(name)
        if link.bridge is not None:
            ports = (port for port in self.state.ports(name) if port.up and port.carrier)
            carrier = link.up and any(ports)
            self.change_link(name, carrier=carrier)
        if self.link(name).carrier and link.up:
            self._ipv6_ready(self.link(name))

    def _has_ipv6(self, link: Link) -> bool:
        disabled = self.state.sysctl(f"net/ipv6/conf/{link.name}/disable_ipv6") == "1"
        return link.addrgenmode is not None and not disabled

    def _ipv6_ready(self, link: Link) -> None:
        if self._has_ipv6(link):
            multicast = kernel_route(link.index, "ff00::/8", RTN_MULTICAST, 256)
            own = Address(link.name, IPV6, link_local(link.mac), 64, scope=RT_SCOPE_LINK)
            if not any(_matches(one, multicast) for one in self.messages):
                self.messages.append(multicast)
            if link.addrgenmode == IN6_ADDR_GEN_MODE_EUI64 and own not in self.state.addresses:
                self.add_address(own)

    def set_controller(self, name: str, controller: str | None, port: PortOptions) -> None:
        link = self.link(name)
        target = self.link(controller) if controller else None
        if target is not None and target.bridge is None:
            raise refuse(errno.EOPNOTSUPP)
        if target is not None and link.bridge is not None:
            raise refuse(errno.ELOOP)
        self.change_link(
            name, controller=controller, port=port if target else None, forwarding=bool(target)
        )
        for bridge in filter(None, {link.controller, controller}):
            if bridge in self.follows_ports:
                ports = (port.mtu for port in self.state.ports(bridge))
                self.change_link(bridge, mtu=min(ports, default=ETH_DATA_LEN))
                self.follows_ports.add(bridge)
            self._carrier(bridge)

    def set_sysctl(self, key: str, value: str) -> None:
        """Write a setting; one that the kernel shows twice, in other units, changes in both."""
        old = self.state.sysctl(key)
        if old is None:
            raise refuse(errno.ENOENT)
        written = {key: value}
        twin = key.removesuffix("_ms") if key.endswith("_ms") else f"{key}_ms"
        other = self.state.sysctl(twin)
        if other is not None:
            written[twin] = str(int(value) * int(other) // int(old))
        changed = (replace(x, value=written.get(x.key, x.value)) for x in self.state.sysctls)
        self._set(sysctls=tuple(changed))

    def start_client(self, client: DhcpClient) -> None:
        self.link(client.link)
        self._set(clients=(*self.state.clients, client))

    def stop_client(self, client: DhcpClient, ignore: Collection[int]) -> None:
        if client not in self.state.clients and errno.ESRCH not in ignore:
            raise refuse(errno.ESRCH)
        self._set(clients=tuple(one for one in self.state.clients if one != client))

    def set_dns(self, link: str, settings: tuple[Setting, ...]) -> None:
        """Equivalent to: resolvectl; not the kernel's, but it goes with the link."""
        self.link(link)
        others = tuple(one for one in self.state.dns if one.link != link)
        self._set(dns=(*others, LinkDns(link, settings)) if settings else others)

    # addresses

    def add_address(self, address: Address) -> None:
        """Equivalent to: ip address add (net/ipv4/devinet.c, net/ipv6/addrconf.c)."""
        link = self.link(address.link)
        mine = self.state.addresses_on(link.name)
        if address.family == IPV6:
            if not self._has_ipv6(link):
                raise refuse(errno.EACCES)
            self._add_ipv6(address, [one for one in mine if one.family == IPV6])
        else:
            self._add_ipv4(address, [one for one in mine if one.family == IPV4])

    def _add_ipv6(self, address: Address, mine: list[Address]) -> None:
        if any(one.ip == address.ip for one in mine):
            raise refuse(errno.EEXIST)
        at = next((n for n, one in enumerate(mine) if one.scope >= address.scope), len(mine))
        self._insert(address, mine, at)
        if self.link(address.link).up:
            self._make_routes(address)

    def _add_ipv4(self, address: Address, mine: list[Address]) -> None:
        peers = [
            one
            for one in mine
            if one.prefixlen == address.prefixlen and one.network == address.network
        ]
        if any(one.ip == address.ip for one in peers):
            raise refuse(errno.EEXIST)
        if any(one.scope != address.scope for one in peers):
            raise refuse(errno.EINVAL)
        flags = (address.flags & ~IFA_F_SECONDARY) | (IFA_F_SECONDARY if peers else 0)
        address, at = replace(address, flags=flags), len(mine)
        if not peers:
            first = [n for n, one in enumerate(mine) if not one.secondary]
            wider = [n for n in first if address.scope <= mine[n].scope]
            at = max(wider, default=-1) + 1
        self._insert(address, mine, at)
        self._make_routes(address)

    def _insert(self, address: Address, mine: list[Address], at: int) -> None:
        new = [*mine[:at], address, *mine[at:]]
        rest = (one for one in self.state.addresses if one not in mine)
        self._set(addresses=(*rest, *new))

    def delete_address(self, address: Address) -> None:
        """Equivalent to: ip address delete. A primary takes its secondaries along."""
        index = self.link(address.link).index
        mine = self.state.addresses_on(address.link)
        found = next((one for one in mine if _same(one, address)), None)
        if found is None:
            raise refuse(errno.EADDRNOTAVAIL)
        gone = [found]
        if found.family == IPV4 and not found.secondary:
            gone += [one for one in mine if one.secondary and one.network == found.network]
        before = {message for one in mine for message in self._routes_of(one)}
        self._set(addresses=tuple(one for one in self.state.addresses if one not in gone))
        left = self.state.addresses_on(address.link)
        for message in before - {message for one in left for message in self._routes_of(one)}:
            self._discard_like(message)
        if found.family == IPV4:
            self._after_ipv4(gone, index if all(one.family == IPV6 for one in left) else None)

    def _after_ipv4(self, gone: list[Address], index: int | None) -> None:
        """Routes with a source that no link has go, and all of a link without an address.

        See fib_sync_down_addr and fib_disable_ip in net/ipv4/fib_frontend.c.
        """
        there = {one.ip for one in self.state.addresses}
        sources = {ip_address(one.ip).packed for one in gone if one.ip not in there}
        self.messages[:] = [
            one
            for one in self.messages
            if one[0] == IPV6 or (_source(one) not in sources and index not in _oifs(one))
        ]

    def _make_routes(self, address: Address) -> None:
        for message in self._routes_of(address):
            if not any(_matches(one, message) for one in self.messages):
                self.messages.append(message)

    def _routes_of(self, address: Address) -> Iterator[bytes]:
        """Yield the routes that the kernel makes for an address (fib_add_ifaddr, addrconf.c)."""
        link = self.link(address.link)
        bits, family = (32, IPV4) if address.family == IPV4 else (128, IPV6)
        metric = address.metric or rt.CONNECTED_METRIC[family]
        source = self._primary(address).ip if family == IPV4 else ""
        yield kernel_route(link.index, f"{address.ip}/{bits}", RTN_LOCAL, 0, source)
        if not link.up:
            return
        if family == IPV4:
            for broadcast in self._broadcasts(address):
                yield kernel_route(link.index, broadcast, RTN_BROADCAST, 0, source)
        elif self.state.sysctl(f"net/ipv6/conf/{link.name}/forwarding") == "1":
            own = ip_network(f"{address.ip}/{address.prefixlen}", strict=False)
            if address.prefixlen < 127:
                yield kernel_route(link.index, f"{own[0]}/128", RTN_ANYCAST)
        for network in address.connected:
            yield kernel_route(link.index, str(network), RTN_UNICAST, metric, source)

    def _broadcasts(self, address: Address) -> set[str]:
        given = {address.broadcast} if address.broadcast else set()
        network = address.network
        if not address.secondary and network.prefixlen < 31 and network[0].packed[0]:
            given.add(str(network[-1]))
        return given - {"255.255.255.255"}

    def _primary(self, address: Address) -> Address:
        if not address.secondary:
            return address
        same = (one for one in self.state.addresses_on(address.link) if one.family == IPV4)
        peers = [one for one in same if one.network == address.network and not one.secondary]
        return next(iter(peers), address)

    # routes

    def _drop_routes(self, index: int) -> None:
        """A link that goes takes IPv4 routes with it, and of IPv6 ones its nexthops."""
        kept = []
        for message in self.messages:
            if index not in _oifs(message):
                kept.append(message)
            elif message[0] == IPV6:
                rest = rt.without_dead_nexthops(message, frozenset({index}))
                kept += [] if index in _oifs(rest) else [rest]
        self.messages[:] = kept

    def _drop_routes_of_nexthop(self, hop: Nexthop) -> None:
        self.messages[:] = [m for m in self.messages if _nexthop_id(m) != hop.id]

    def _discard_like(self, message: bytes) -> None:
        at = next((n for n, one in enumerate(self.messages) if _matches(one, message)), None)
        if at is not None:
            del self.messages[at]

    def add_route(self, message: bytes, first: bool = False) -> None:
        """Equivalent to: ip route append; with `first` prepend."""
        message = _as_dumped(message)
        key = rt.fib_key(message)
        same = [n for n, one in enumerate(self.messages) if rt.fib_key(one) == key]
        if any(self._is_duplicate(self.messages[n], message) for n in same):
            raise refuse(errno.EEXIST)
        self._check_route(message)
        at = len(self.messages)
        if same:
            at = same[0] if first else same[-1] + 1
        self.messages.insert(at, message)

    def _is_duplicate(self, one: bytes, message: bytes) -> bool:
        if message[0] == IPV6:
            return _hops(one) == _hops(message)
        return rt.without_state(one) == rt.without_state(message)

    def replace_first(self, message: bytes) -> None:
        """Equivalent to: ip route replace. The first route of the key goes, whoever's it is."""
        message = _as_dumped(message)
        key = rt.replace_key(message)
        same = [n for n, one in enumerate(self.messages) if rt.replace_key(one) == key]
        if any(self._is_duplicate(self.messages[n], message) for n in same[1:]):
            raise refuse(errno.EEXIST)
        self._check_route(message)
        if same:
            self.messages[same[0]] = message
        else:
            self.messages.append(message)

    def delete_route(self, message: bytes) -> None:
        """Equivalent to: ip route delete."""
        message = _as_dumped(message)
        at = next((n for n, one in enumerate(self.messages) if _matches(one, message)), None)
        if at is None:
            raise refuse(errno.ESRCH)
        del self.messages[at]

    def _check_route(self, message: bytes) -> None:
        """Refuse a route over a link that is down, and one whose gateway or source is not there."""
        up = {link.index: link.up for link in self.state.links}
        for flags, index, found in rt.nexthops(message):
            if index not in up:
                raise refuse(errno.ENODEV)
            if not up[index]:
                raise refuse(errno.ENETDOWN)
            gateway = found.get(RTA_GATEWAY)
            if gateway and not flags & RTNH_F_ONLINK and RTA_NH_ID not in rt.attributes(message):
                self._check_gateway(gateway, index)
        source = _source(message)
        if source and all(ip_address(one.ip).packed != source for one in self.state.addresses):
            raise refuse(errno.EINVAL)

    def _check_gateway(self, packed: bytes, index: int) -> None:
        gateway = ip_address(packed)
        if isinstance(gateway, IPv6Address) and gateway.is_link_local:
            return
        reached = (
            one
            for one in self.messages
            if index in _oifs(one)
            and not rt.has_gateway(one)
            and rt.header(one).type == RTN_UNICAST
        )
        if not any(gateway in rt.destination(one) for one in reached):
            raise refuse(errno.ENETUNREACH if gateway.version == 4 else errno.EHOSTUNREACH)

    # neighbours, rules, nexthop objects, MAC addresses

    def replace_neighbour(self, entry: Neighbour) -> None:
        self.link(entry.link)
        rest = (one for one in self.state.neighbours if _neighbour(one) != _neighbour(entry))
        self._set(neighbours=(*rest, entry))

    def delete_neighbour(self, entry: Neighbour) -> None:
        rest = tuple(one for one in self.state.neighbours if _neighbour(one) != _neighbour(entry))
        if len(rest) == len(self.state.neighbours):
            raise refuse(errno.ENOENT)
        self._set(neighbours=rest)

    def add_static_mac(self, entry: StaticMac) -> None:
        self.link(entry.link)
        if entry in self.state.static_macs:
            if entry.multicast:  # the kernel counts no users of those
                return
            raise refuse(errno.EEXIST)
        self._set(static_macs=(*self.state.static_macs, entry))

    def delete_static_mac(self, entry: StaticMac) -> None:
        if entry not in self.state.static_macs:
            raise refuse(errno.ENOENT)
        self._set(static_macs=tuple(one for one in self.state.static_macs if one != entry))

    def add_rule(self, rule: Rule) -> None:
        """Behind those of its family and priority."""
        before = [
            x for x in self.state.rules if (x.family, x.priority) <= (rule.family, rule.priority)
        ]
        self._set(rules=(*before, rule, *self.state.rules[len(before) :]))

    def delete_rule(self, rule: Rule) -> None:
        rules = list(self.state.rules)
        if rule not in rules:
            raise refuse(errno.ENOENT)
        rules.remove(rule)
        self._set(rules=tuple(rules))

    def replace_nexthop(self, hop: Nexthop) -> None:
        """Routes and groups that use the object follow."""
        if hop.link is None:
            raise refuse(errno.EINVAL)
        old = next((one for one in self.state.nexthops if one.id == hop.id), None)
        if not self.link(hop.link).up:
            raise refuse(errno.ENETDOWN)
        if hop.gateway:
            self._check_gateway(hop.gateway, self.link(hop.link).index)
        rest = (one for one in self.state.nexthops if one.id != hop.id)
        self._set(nexthops=tuple(sorted((*rest, hop), key=lambda one: one.id)))
        if old is None or old.link is None:
            return
        numbers = {self.link(old.link).index: self.link(hop.link).index}
        users = {hop.id} | {one.id for one in self.state.nexthops if one.link is None}
        for at, message in enumerate(self.messages):
            if _nexthop_id(message) in users:
                self.messages[at] = _over(message, numbers)


def _same(one: Address, other: Address) -> bool:
    return (one.link, one.ip, one.prefixlen, one.peer) == (
        *(other.link, other.ip, other.prefixlen, other.peer),
    )


def _neighbour(entry: Neighbour) -> tuple[object, ...]:
    return entry.link, entry.ip, entry.flags & 0x08


def _is_host4(message: bytes) -> bool:
    return message[0] == IPV4 and rt.header(message).scope == RT_SCOPE_HOST


def _source(message: bytes) -> bytes:
    return rt.attributes(message).get(RTA_PREFSRC, b"")


def _oifs(message: bytes) -> set[int]:
    return {nlattr.u32(message, slot) for slot in rt.oif_offsets(message)}


def _over(message: bytes, numbers: dict[int, int]) -> bytes:
    for slot in rt.oif_offsets(message):
        index = nlattr.u32(message, slot)
        message = nlattr.patch_u32(message, slot, numbers.get(index, index))
    return message


def _hops(message: bytes) -> list[tuple[int, bytes]]:
    return [(index, found.get(RTA_GATEWAY, b"")) for _, index, found in rt.nexthops(message)]


def _nexthop_id(message: bytes) -> int:
    return nlattr.u32(rt.attributes(message).get(RTA_NH_ID, bytes(4)), 0)


def _as_dumped(message: bytes) -> bytes:
    """The kernel shows of an IPv6 route its metric and preference, also where none was given."""
    found = rt.attributes(message)
    if message[0] == IPV6 and RTA_PRIORITY not in found:
        message += nlattr.pack_u32(RTA_PRIORITY, METRIC6)
    return message + (
        nlattr.pack(RTA_PREF, b"\0") if message[0] == IPV6 and RTA_PREF not in found else b""
    )


def _matches(one: bytes, asked: bytes) -> bool:
    """What the kernel compares when a route is deleted (fib_table_delete, ip6_route_del)."""
    if rt.fib_key(one) != rt.fib_key(asked) or _hops(one) != _hops(asked):
        return False
    top, wanted = rt.header(one), rt.header(asked)
    if _nexthop_id(one) != _nexthop_id(asked) or top.protocol != wanted.protocol:
        return False
    if one[0] == IPV6:
        return True
    same_kind = (top.type, top.scope) == (wanted.type, wanted.scope)
    return same_kind and _source(asked) in (b"", _source(one))
