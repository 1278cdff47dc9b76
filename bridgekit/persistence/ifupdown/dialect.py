"""The programs that read interfaces(5), and in what they differ.

`classic` is ifupdown 0.8 with bridge-utils. What a dialect has no word for, or one that does
something else, an `up` line says.
"""

from typing import Final

from msgspec import Struct

from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.dialect import DialectName
from bridgekit.state.routes.format import DEFAULT_METRIC
from bridgekit.uapi.rtnetlink import RTPROT_KERNEL

BARE: Final = "iface {0} inet manual\n    "
FORWARDING: Final = frozenset({"net/ipv4/conf/{}/forwarding", "net/ipv6/conf/{}/forwarding"})


class Dialect(Struct, frozen=True):
    """What one of the programs makes of `iface` stanzas."""

    name: DialectName
    joined: bool = True
    """All stanzas of an interface are one to it, and its words come before its lines."""
    broadcasts: bool = False
    """A word can give an address its broadcast address."""
    deprecates: bool = True
    """A word can say that an address is deprecated."""
    purges: bool = False
    """It takes off addresses that no word names."""
    metrics: tuple[tuple[int, int], ...] = tuple(DEFAULT_METRIC.items())
    """For each family, the metric of the route that `gateway` makes."""
    protocol: int | None = None
    """The protocol of that route; None where any will do."""
    bare: str = BARE + "pre-up ip link set dev {0} addrgenmode none || true\n"
    """What is left of the NIC's stanza: it comes up and gets no address, not even link-local."""
    always_bare: bool = True
    """The NIC needs that even where nothing else needs its name."""
    asks: frozenset[int] = frozenset({IPV4, IPV6})
    """The families that it can ask a DHCP server for."""
    clients: tuple[str, ...] = ("dhclient", "dhcpcd", "udhcpc", "pump")
    """The programs that it asks with."""
    starts: frozenset[str] = frozenset()
    """Words that start a stanza, and are options like any other to ifupdown 0.8."""
    sets: frozenset[str] = frozenset()
    """The bridge's kernel settings that it changes by itself."""

    def asked(self, leased: frozenset[int]) -> frozenset[int]:
        """For which of these families it asks a DHCP server: a joined stanza has one method."""
        able = leased & self.asks
        return frozenset(sorted(able)[:1]) if self.joined else able


CLASSIC: Final = Dialect("classic", joined=False, broadcasts=True, always_bare=False)
IFUPDOWN2: Final = Dialect(
    "ifupdown2",
    purges=True,
    protocol=RTPROT_KERNEL,
    bare=BARE + "ipv6-addrgen off\n",
    clients=("dhclient",),
    starts=frozenset({"vlan"}),
    sets=FORWARDING | {"net/ipv4/conf/{}/arp_accept"},
)
IFUPDOWN_NG: Final = Dialect(
    "ifupdown-ng",
    deprecates=False,
    metrics=((IPV4, 1), (IPV6, 1)),
    asks=frozenset({IPV4}),
    clients=("dhclient", "dhcpcd", "udhcpc"),
    starts=frozenset({"interface", "template"}),
)
DIALECTS: Final[dict[str, Dialect]] = {one.name: one for one in (CLASSIC, IFUPDOWN2, IFUPDOWN_NG)}
