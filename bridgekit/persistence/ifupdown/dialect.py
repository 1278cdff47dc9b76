"""The dialects of interfaces(5): which programs read it, and in what they differ.

`classic` is ifupdown 0.8 with bridge-utils. Where a dialect has no option for a setting, or one
that does something else, an `up` line makes it.
"""

from typing import Final

from msgspec import Struct

from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.dialect import DialectName
from bridgekit.state.routes.format import DEFAULT_METRIC
from bridgekit.uapi.rtnetlink import RTPROT_KERNEL

FORWARDING: Final = frozenset({"net/ipv4/conf/{}/forwarding", "net/ipv6/conf/{}/forwarding"})


class Dialect(Struct, frozen=True):
    """How one of the programs understands `iface` stanzas."""

    name: DialectName
    merges_stanzas: bool = True
    """It merges all stanzas of an interface into one, and applies options before `up` lines."""
    has_broadcast: bool = False
    """An option can give an address its broadcast address."""
    has_preferred_lifetime: bool = True
    """An option can say that an address is deprecated."""
    purges_addresses: bool = False
    """It removes addresses that no option names."""
    gateway_metrics: tuple[tuple[int, int], ...] = tuple(DEFAULT_METRIC.items())
    """For each family, the metric of the route that `gateway` makes."""
    gateway_protocol: int | None = None
    """The protocol of that route; None where it does not matter."""
    port_option: tuple[str, str] = ("pre-up", "ip link set dev {0} addrgenmode none || true")
    """The option by which a link comes up without an address, not even a link-local one."""
    dhcp_families: frozenset[int] = frozenset({IPV4, IPV6})
    """The families for which it can ask a DHCP server."""
    dhcp_clients: tuple[str, ...] = ("dhclient", "dhcpcd", "udhcpc", "pump")
    """The programs that it asks with."""
    stanza_keywords: frozenset[str] = frozenset()
    """Words that start a stanza, and are options like any other to ifupdown 0.8."""
    sysctls_set: frozenset[str] = frozenset()
    """The bridge's kernel settings that it changes by itself."""

    def asks_dhcp_for(self, families: frozenset[int]) -> frozenset[int]:
        """Return for which of these it asks a DHCP server: a merged stanza has one method."""
        possible = families & self.dhcp_families
        return frozenset(sorted(possible)[:1]) if self.merges_stanzas else possible


CLASSIC: Final = Dialect("classic", merges_stanzas=False, has_broadcast=True)
IFUPDOWN2: Final = Dialect(
    "ifupdown2",
    purges_addresses=True,
    gateway_protocol=RTPROT_KERNEL,
    port_option=("ipv6-addrgen", "off"),
    dhcp_clients=("dhclient",),
    stanza_keywords=frozenset({"vlan"}),
    sysctls_set=FORWARDING | {"net/ipv4/conf/{}/arp_accept"},
)
IFUPDOWN_NG: Final = Dialect(
    "ifupdown-ng",
    has_preferred_lifetime=False,
    gateway_metrics=((IPV4, 1), (IPV6, 1)),
    dhcp_families=frozenset({IPV4}),
    dhcp_clients=("dhclient", "dhcpcd", "udhcpc"),
    stanza_keywords=frozenset({"interface", "template"}),
)
DIALECTS: Final[dict[str, Dialect]] = {one.name: one for one in (CLASSIC, IFUPDOWN2, IFUPDOWN_NG)}
