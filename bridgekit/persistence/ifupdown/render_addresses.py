"""A bridge's addresses as stanzas of interfaces(5), in the order in which they must be made."""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct, field

from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.template import OptionGroup
from bridgekit.state.address import FLAG_NAMES, IPV4, IPV6, Address
from bridgekit.state.routes.message import attributes
from bridgekit.uapi.if_addr import IFA_F_NODAD
from bridgekit.uapi.rtnetlink import RTA_GATEWAY

ODD_FLAGS = sum(flag for flag in FLAG_NAMES if flag != IFA_F_NODAD)
FAMILY_WORD = {IPV4: "inet", IPV6: "inet6"}


class AddressPlan(Struct, frozen=True):
    """Where a bridge's addresses and default routes come from.

    `addresses` are in the order in which they must be made, `gateways` those default routes that
    need no `up` line. `leased`: the families that a DHCP server gives. `advertised`: routers, or a
    DHCP server, give IPv6 addresses. `asking` says by `inet` and `inet6` how these are asked.
    """

    addresses: tuple[Address, ...]
    gateways: dict[int, bytes]
    leased: frozenset[int] = frozenset()
    advertised: bool = False
    asking: dict[str, tuple[Option, ...]] = field(default_factory=dict)

    def of(self, family: int) -> list[Address]:
        return [address for address in self.addresses if address.family == family]


def split(addresses: list[Address], dialect: Dialect) -> tuple[list[Address], list[Address]]:
    """Divide a family's addresses into those that have words and those that need `up` lines.

    Where words come first, an address after one without words has none either.
    """
    first = next((i for i, a in enumerate(addresses) if not has_words(a, dialect)), len(addresses))
    return addresses[:first], addresses[first:]


def has_words(address: Address, dialect: Dialect) -> bool:
    """Can `iface … static` say all of it?"""
    odd = address.peer or address.metric or address.scope or address.flags & ODD_FLAGS
    broadcast = address.broadcast and not dialect.broadcasts
    deprecated = address.preferred == 0 and not dialect.deprecates
    beyond = broadcast or deprecated or _alone(address, dialect)
    return not odd and not beyond and address.label in (None, address.link)


def _alone(address: Address, dialect: Dialect) -> bool:
    """ifupdown 0.8 gives even an address of a network of one or two a broadcast address."""
    single = address.family == IPV4 and address.prefixlen > 30
    return dialect.broadcasts and single and not address.broadcast


def apart(
    bridge: str, given: AddressPlan, words: tuple[Option, ...], cidr: bool
) -> list[OptionGroup]:
    """Return a stanza for each address; the first one also has the bridge's words."""
    ipv4, ipv6 = (
        [
            _stanza(bridge, address, {} if number else given.gateways, cidr)
            for number, address in enumerate(given.of(family))
        ]
        for family in (IPV4, IPV6)
    )
    asking = OptionGroup((f"iface {bridge} inet dhcp",), given.asking.get("inet", ()))
    silent = OptionGroup((f"iface {bridge} inet manual",), ())
    first, *others = ipv4 or [asking if IPV4 in given.leased else silent]
    found = [OptionGroup((f"auto {bridge}", *first.heads), (*first.options, *words)), *others]
    if ipv4 and IPV4 in given.leased:  # after those that must be there even if no server answers
        found.append(asking)
    if given.advertised:
        word = "dhcp" if IPV6 in given.leased else "auto"
        found.append(OptionGroup((f"iface {bridge} inet6 {word}",), given.asking.get("inet6", ())))
    return found + ipv6


def joined(
    bridge: str, given: AddressPlan, words: tuple[Option, ...], dialect: Dialect
) -> OptionGroup:
    """Return one stanza for all."""
    parts = {family: split(given.of(family), dialect) for family in FAMILY_WORD}
    if given.leased:  # of a stanza with method dhcp ifupdown2 takes no address
        parts = {family: ([], given.of(family)) for family in FAMILY_WORD}
    named = [option for worded, _ in parts.values() for a in worded for option in _short(a)]
    named += [_gateway_word(given.gateways[f]) for f in given.gateways if parts[f][0]]
    lines = [_line(address, bridge) for _, lined in parts.values() for address in lined]
    named += [o for family in given.leased for o in given.asking.get(FAMILY_WORD[family], ())]
    if lines and dialect.purges:
        named.append(Option("address-purge", "no"))
    method = "static" if any(worded for worded, _ in parts.values()) else "manual"
    asked = [f"{FAMILY_WORD[family]} dhcp" for family in given.leased]
    heads = (f"auto {bridge}", f"iface {bridge} {(*asked, f'inet {method}')[0]}")
    return OptionGroup(heads, (*named, *lines, *words))


def _stanza(bridge: str, address: Address, gateways: dict[int, bytes], cidr: bool) -> OptionGroup:
    word = FAMILY_WORD[address.family]
    if has_words(address, CLASSIC):
        long = address.family == IPV4 and not cidr
        options = _ipv4(address) if long else (*_short(address), *_unusual(address))
        route = gateways.get(address.family)
        gateway = (_gateway_word(route),) if route else ()
        return OptionGroup((f"iface {bridge} {word} static",), (*options, *gateway))
    line = Option("up", f"ip address replace {address} dev {bridge}")
    return OptionGroup((f"iface {bridge} {word} manual",), (line,))


def _gateway_word(route: bytes) -> Option:
    return Option("gateway", str(ip_address(attributes(route)[RTA_GATEWAY])))


def _ipv4(address: Address) -> Iterator[Option]:
    network = address.network
    yield Option("address", address.ip)
    yield Option("netmask", str(network.netmask))
    if address.prefixlen < 31:
        yield Option("network", str(network.network_address))
        yield Option("broadcast", address.broadcast or str(network.broadcast_address))


def _short(address: Address) -> Iterator[Option]:
    yield Option("address", f"{address.ip}/{address.prefixlen}")
    if address.preferred == 0:
        yield Option("preferred-lifetime", "0")


def _unusual(address: Address) -> Iterator[Option]:
    """What ifup would do in another way by itself."""
    if address.family == IPV4 and address.prefixlen < 31:
        usual = str(address.network.broadcast_address)
        if address.broadcast not in (None, usual):
            yield Option("broadcast", address.broadcast or usual)
    if address.family == IPV6 and address.flags & IFA_F_NODAD:
        yield Option("dad-attempts", "0")


def _line(address: Address, bridge: str) -> Option:
    """The address may be there already."""
    return Option("up", f"ip address replace {address} dev {bridge}")
