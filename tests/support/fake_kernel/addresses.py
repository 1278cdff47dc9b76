"""Addresses, and the routes that the kernel makes and deletes with them."""

import errno
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from msgspec.structs import replace

from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.routes import message as rt
from bridgekit.uapi.if_addr import IFA_F_SECONDARY
from bridgekit.uapi.rtnetlink import (
    RTN_ANYCAST,
    RTN_BROADCAST,
    RTN_LOCAL,
    RTN_UNICAST,
)
from tests.support.fake_kernel.messages import (
    kernel_route,
    matches,
    oifs_of,
    source_of,
)
from tests.support.fake_kernel.routes import Routes
from tests.support.fake_kernel.state import refuse


class Addresses(Routes):
    """The requests of ip address."""

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
            if one[0] == IPV6 or (source_of(one) not in sources and index not in oifs_of(one))
        ]

    def _make_routes(self, address: Address) -> None:
        for message in self._routes_of(address):
            if not any(matches(one, message) for one in self.messages):
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


def _same(one: Address, other: Address) -> bool:
    return (one.link, one.ip, one.prefixlen, one.peer) == (
        *(other.link, other.ip, other.prefixlen, other.peer),
    )
