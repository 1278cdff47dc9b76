"""What is bound to a link by its name: neighbours, MAC addresses, nexthop objects and more."""

import errno
from collections.abc import Collection

from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import Neighbour, StaticMac
from bridgekit.state.link_dns import LinkDns, Setting
from bridgekit.state.rule_nexthop import Nexthop, Rule
from tests.support.fake_kernel.messages import (
    moved,
    nexthop_id,
)
from tests.support.fake_kernel.routes import Routes
from tests.support.fake_kernel.state import refuse


class Objects(Routes):
    """The requests of ip neighbour, ip rule, ip nexthop and bridge fdb; DHCP clients, DNS."""

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
            if nexthop_id(message) in users:
                self.messages[at] = moved(message, numbers)

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


def _neighbour(entry: Neighbour) -> tuple[object, ...]:
    return entry.link, entry.ip, entry.flags & 0x08
