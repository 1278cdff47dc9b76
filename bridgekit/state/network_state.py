"""A host's network state at one moment."""

from msgspec import Struct, field
from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import Dependency, Link, Manager, Neighbour, StaticMac, Sysctl
from bridgekit.state.link_dns import LinkDns, Setting
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import Nexthop, Rule


class NetworkState(Struct, frozen=True, rename={"managers": "owners", "dependencies": "ties"}):
    """Everything of one network namespace that a migration reads; lists in the kernel's order."""

    links: tuple[Link, ...] = ()
    addresses: tuple[Address, ...] = ()
    routes: RouteSet = field(default_factory=RouteSet)
    neighbours: tuple[Neighbour, ...] = ()
    rules: tuple[Rule, ...] = ()
    nexthops: tuple[Nexthop, ...] = ()
    static_macs: tuple[StaticMac, ...] = ()
    sysctls: tuple[Sysctl, ...] = ()
    managers: tuple[Manager, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    clients: tuple[DhcpClient, ...] = ()
    dns: tuple[LinkDns, ...] = ()

    def link(self, name: str) -> Link | None:
        """Return the link of this name, or None."""
        return next((link for link in self.links if link.name == name), None)

    def require(self, name: str) -> Link:
        """Return the link of this name. Raises BridgekitError if there is none."""
        link = self.link(name)
        if link is None:
            raise BridgekitError(
                f"the network state that was read has no link {name}; "
                "`bridgekit status` tells where things stand"
            )
        return link

    def link_by_any_name(self, name: str) -> Link | None:
        """Return the link that has this name or alternative name, or None."""
        found = (link for link in self.links if name in link.names)
        return next(found, None)

    def ports(self, controller: str) -> tuple[Link, ...]:
        """Return the links that are ports of this controller."""
        return tuple(link for link in self.links if link.controller == controller)

    def addresses_on(self, link: str) -> tuple[Address, ...]:
        """Return the addresses of this link."""
        return tuple(address for address in self.addresses if address.link == link)

    def static_macs_on(self, link: str) -> tuple[StaticMac, ...]:
        """Return the static MAC addresses of this link."""
        return tuple(entry for entry in self.static_macs if entry.link == link)

    def neighbours_on(self, link: str) -> tuple[Neighbour, ...]:
        """Return the neighbour entries of this link."""
        return tuple(entry for entry in self.neighbours if entry.link == link)

    def clients_on(self, link: str) -> tuple[DhcpClient, ...]:
        """Return the DHCP clients of this link."""
        return tuple(client for client in self.clients if client.link == link)

    def dns_settings_of(self, link: str) -> tuple[Setting, ...]:
        """Return the DNS settings of this link in systemd-resolved, if it has any."""
        return next((one.settings for one in self.dns if one.link == link), ())

    def sysctl(self, key: str) -> str | None:
        """Return the text of this setting, or None if it was not read."""
        return next((item.value for item in self.sysctls if item.key == key), None)

    def sysctls_of(self, link: str) -> dict[str, str]:
        """Return the per-interface settings of this link, keyed by `<family>/conf/{}/<name>`."""
        return {
            item.key.replace(f"/{link}/", "/{}/"): item.value
            for item in self.sysctls
            if f"/{link}/" in item.key
        }


def without(snapshot: NetworkState, link: str) -> NetworkState:
    """Return the state without a link, and without the addresses and routes that it has."""
    if snapshot.link(link) is None:
        return snapshot
    routes = snapshot.routes
    return replace(
        snapshot,
        links=tuple(item for item in snapshot.links if item.name != link),
        addresses=tuple(a for a in snapshot.addresses if a.link != link),
        routes=routes.where(lambda message: link not in routes.links(message)),
    )


def default_sysctls(snapshot: NetworkState) -> dict[str, str]:
    """Return a new link's settings, keyed like `sysctls_of`: those of `default`.

    Where that is missing the loopback shows them, which got them too.
    """
    return snapshot.sysctls_of("lo") | snapshot.sysctls_of("default")


def in_creation_order(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    """Return addresses in the order that makes the kernel list them as they are listed now.

    IPv4 appends; IPv6 puts a new address before the older ones of its scope (net/ipv6/addrconf.c).
    """
    ipv4 = tuple(address for address in addresses if address.family == IPV4)
    ipv6 = tuple(address for address in addresses if address.family == IPV6)
    return ipv4 + ipv6[::-1]
