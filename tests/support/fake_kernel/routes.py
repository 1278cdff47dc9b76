"""Routes: what is refused, and what goes with a link, a nexthop object or an address."""

import errno
from ipaddress import IPv6Address, ip_address

from bridgekit.state.address import IPV6
from bridgekit.state.routes import message as rt
from bridgekit.state.rule_nexthop import Nexthop
from bridgekit.uapi.rtnetlink import (
    RTA_GATEWAY,
    RTA_NH_ID,
    RTN_UNICAST,
    RTNH_F_ONLINK,
)
from tests.support.fake_kernel.messages import (
    as_dumped,
    hops_of,
    matches,
    nexthop_id,
    oifs_of,
    source_of,
)
from tests.support.fake_kernel.state import KernelState, refuse


class Routes(KernelState):
    """The requests of ip route."""

    def _drop_routes(self, index: int) -> None:
        """A link that goes takes IPv4 routes with it, and of IPv6 ones its nexthops."""
        kept = []
        for message in self.messages:
            if index not in oifs_of(message):
                kept.append(message)
            elif message[0] == IPV6:
                rest = rt.without_dead_nexthops(message, frozenset({index}))
                kept += [] if index in oifs_of(rest) else [rest]
        self.messages[:] = kept

    def _drop_routes_of_nexthop(self, hop: Nexthop) -> None:
        self.messages[:] = [m for m in self.messages if nexthop_id(m) != hop.id]

    def _discard_like(self, message: bytes) -> None:
        at = next((n for n, one in enumerate(self.messages) if matches(one, message)), None)
        if at is not None:
            del self.messages[at]

    def add_route(self, message: bytes, first: bool = False) -> None:
        """Equivalent to: ip route append; with `first` prepend."""
        message = as_dumped(message)
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
            return hops_of(one) == hops_of(message)
        return rt.without_state(one) == rt.without_state(message)

    def replace_first(self, message: bytes) -> None:
        """Equivalent to: ip route replace. The first route of the key goes, whoever's it is."""
        message = as_dumped(message)
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
        message = as_dumped(message)
        at = next((n for n, one in enumerate(self.messages) if matches(one, message)), None)
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
        source = source_of(message)
        if source and all(ip_address(one.ip).packed != source for one in self.state.addresses):
            raise refuse(errno.EINVAL)

    def _check_gateway(self, packed: bytes, index: int) -> None:
        gateway = ip_address(packed)
        if isinstance(gateway, IPv6Address) and gateway.is_link_local:
            return
        reached = (
            one
            for one in self.messages
            if index in oifs_of(one)
            and not rt.has_gateway(one)
            and rt.header(one).type == RTN_UNICAST
        )
        if not any(gateway in rt.destination(one) for one in reached):
            raise refuse(errno.ENETUNREACH if gateway.version == 4 else errno.EHOSTUNREACH)
