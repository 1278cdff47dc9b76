"""A bridge's addresses as stanzas of interfaces(5), in the order in which they must be made."""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct, field

from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.template import IfaceStanza
from bridgekit.state.address import FLAG_NAMES, IPV4, IPV6, Address
from bridgekit.state.routes.message import attributes
from bridgekit.uapi.if_addr import IFA_F_NODAD
from bridgekit.uapi.rtnetlink import RTA_GATEWAY

FLAGS_WITHOUT_OPTION = sum(flag for flag in FLAG_NAMES if flag != IFA_F_NODAD)
FAMILY_WORD = {IPV4: "inet", IPV6: "inet6"}


class AddressPlan(Struct, frozen=True):
    """Where a bridge's addresses and default routes come from at boot.

    `addresses` are in the order in which they must be made, `gateways` those default routes that
    need no `up` line. `dhcp_families`: the families that a DHCP server gives. `ipv6_dynamic`:
    routers, or a DHCP server, give IPv6 addresses. `dynamic_options`: by `inet` and `inet6`, how
    these are asked.
    """

    addresses: tuple[Address, ...]
    gateways: dict[int, bytes]
    dhcp_families: frozenset[int] = frozenset()
    ipv6_dynamic: bool = False
    dynamic_options: dict[str, tuple[Option, ...]] = field(default_factory=dict)

    def of_family(self, family: int) -> list[Address]:
        """Return the addresses of one family."""
        return [address for address in self.addresses if address.family == family]

    def options_for_asking(self, family: int) -> tuple[Option, ...]:
        """Return how a server or router is asked for addresses of this family."""
        return self.dynamic_options.get(FAMILY_WORD[family], ())


def split(addresses: list[Address], dialect: Dialect) -> tuple[list[Address], list[Address]]:
    """Divide a family's addresses into those with options and those that need `up` lines.

    Options come before lines, so an address after one that needs a line needs a line, too.
    """
    with_options = 0
    while with_options < len(addresses) and has_options(addresses[with_options], dialect):
        with_options += 1
    return addresses[:with_options], addresses[with_options:]


def has_options(address: Address, dialect: Dialect) -> bool:
    """Return whether options of an `iface … static` stanza can say all of the address."""
    if address.peer or address.metric or address.scope or address.flags & FLAGS_WITHOUT_OPTION:
        return False
    if address.broadcast and not dialect.has_broadcast:
        return False
    if address.preferred == 0 and not dialect.has_preferred_lifetime:
        return False
    if _lacks_usual_broadcast(address) and dialect.has_broadcast:
        return False
    return address.label in (None, address.link)


def _lacks_usual_broadcast(address: Address) -> bool:
    """Return whether ifupdown 0.8 would add a broadcast address, in a network of one or two."""
    return address.family == IPV4 and address.prefixlen > 30 and not address.broadcast


def separate_stanzas(
    bridge: str, plan: AddressPlan, bridge_options: tuple[Option, ...], cidr: bool
) -> list[IfaceStanza]:
    """Return a stanza for each address; the first one also has the bridge's options."""
    ipv4, ipv6 = (_static_stanzas(bridge, plan, family, cidr) for family in (IPV4, IPV6))
    by_dhcp = IfaceStanza(bridge, "inet", "dhcp", plan.options_for_asking(IPV4))
    without_ipv4 = IfaceStanza(bridge, "inet", "manual")
    has_dhcp = IPV4 in plan.dhcp_families
    first, *others = ipv4 or [by_dhcp if has_dhcp else without_ipv4]
    options = (*first.options, *bridge_options)
    stanzas = [IfaceStanza(bridge, first.family, first.method, options, auto=True), *others]
    if ipv4 and has_dhcp:  # after those that must be made even if no server answers
        stanzas.append(by_dhcp)
    if plan.ipv6_dynamic:
        method = "dhcp" if IPV6 in plan.dhcp_families else "auto"
        stanzas.append(IfaceStanza(bridge, "inet6", method, plan.options_for_asking(IPV6)))
    return stanzas + ipv6


def _static_stanzas(bridge: str, plan: AddressPlan, family: int, cidr: bool) -> list[IfaceStanza]:
    """Return a stanza for each address of a family; the first has the gateway."""
    return [
        _static_stanza(bridge, address, None if number else plan.gateways.get(family), cidr)
        for number, address in enumerate(plan.of_family(family))
    ]


def _static_stanza(bridge: str, address: Address, route: bytes | None, cidr: bool) -> IfaceStanza:
    family = FAMILY_WORD[address.family]
    if not has_options(address, CLASSIC):
        return IfaceStanza(bridge, family, "manual", (_address_line(address, bridge),))
    with_netmask = address.family == IPV4 and not cidr
    own = _netmask_options(address) if with_netmask else _all_cidr_options(address)
    gateway = (_gateway_option(route),) if route else ()
    return IfaceStanza(bridge, family, "static", (*own, *gateway))


def merged_stanza(
    bridge: str, plan: AddressPlan, bridge_options: tuple[Option, ...], dialect: Dialect
) -> IfaceStanza:
    """Return one stanza for all addresses, for a dialect that would merge several into one."""
    with_options, with_lines = _all_split(plan, dialect)
    options = [option for address in with_options for option in _cidr_options(address)]
    families = {address.family for address in with_options}
    options += [_gateway_option(plan.gateways[f]) for f in plan.gateways if f in families]
    options += [one for family in plan.dhcp_families for one in plan.options_for_asking(family)]
    if with_lines and dialect.purges_addresses:
        options.append(Option("address-purge", "no"))
    lines = [_address_line(address, bridge) for address in with_lines]
    family, method = "inet", "static" if with_options else "manual"
    for asked in list(plan.dhcp_families)[:1]:
        family, method = FAMILY_WORD[asked], "dhcp"
    return IfaceStanza(bridge, family, method, (*options, *lines, *bridge_options), auto=True)


def _all_split(plan: AddressPlan, dialect: Dialect) -> tuple[list[Address], list[Address]]:
    """Divide the addresses of both families into those with options and those with `up` lines."""
    if plan.dhcp_families:  # ifupdown2 takes no address from a stanza with the method dhcp
        return [], [address for family in FAMILY_WORD for address in plan.of_family(family)]
    ipv4, ipv6 = (split(plan.of_family(family), dialect) for family in FAMILY_WORD)
    return ipv4[0] + ipv6[0], ipv4[1] + ipv6[1]


def _gateway_option(route: bytes) -> Option:
    return Option("gateway", str(ip_address(attributes(route)[RTA_GATEWAY])))


def _netmask_options(address: Address) -> Iterator[Option]:
    network = address.network
    yield Option("address", address.ip)
    yield Option("netmask", str(network.netmask))
    if address.prefixlen < 31:
        yield Option("network", str(network.network_address))
        yield Option("broadcast", address.broadcast or str(network.broadcast_address))


def _cidr_options(address: Address) -> Iterator[Option]:
    yield Option("address", f"{address.ip}/{address.prefixlen}")
    if address.preferred == 0:
        yield Option("preferred-lifetime", "0")


def _all_cidr_options(address: Address) -> Iterator[Option]:
    """Yield the address and what ifupdown 0.8 would choose otherwise."""
    yield from _cidr_options(address)
    usual = str(address.network.broadcast_address)
    if address.family == IPV4 and address.prefixlen < 31 and address.broadcast not in (None, usual):
        yield Option("broadcast", address.broadcast or usual)
    if address.family == IPV6 and address.flags & IFA_F_NODAD:
        yield Option("dad-attempts", "0")


def _address_line(address: Address, bridge: str) -> Option:
    """Return the line that makes an address; it may exist already."""
    return Option("up", f"ip address replace {address} dev {bridge}")
