"""The programs that read interfaces(5), and in what they differ.

`classic` is ifupdown 0.8 with bridge-utils. What a flavour has no word for, or one that does
something else, an `up` line says.
"""

from dataclasses import dataclass, field
from typing import Final

from bridgekit.model.addresses import IPV4, IPV6
from bridgekit.model.route_text import DEFAULT_METRIC
from bridgekit.model.routes import KERNEL_MADE


@dataclass(frozen=True, slots=True)
class Flavour:
    """What one of the programs makes of `iface` sections.

    `joined`: all sections of an interface are one, and its words come before its lines.
    `broadcasts`: can a word give an address its broadcast address? `deprecates`: can one say that
    it is deprecated? `metric` and `protocol` are those of the route that `gateway` makes; None
    where any protocol will do. `bare_port`: must the port have a section, or it gets a link-local
    address? `asks`: the families that it can ask a DHCP server for.
    """

    name: str
    joined: bool = True
    broadcasts: bool = False
    deprecates: bool = True
    metric: dict[int, int] = field(default_factory=DEFAULT_METRIC.copy)
    protocol: int | None = None
    bare_port: bool = False
    asks: frozenset[int] = frozenset({IPV4, IPV6})
    purges: bool = False


CLASSIC: Final = Flavour("classic", joined=False, broadcasts=True)
IFUPDOWN2: Final = Flavour("ifupdown2", protocol=KERNEL_MADE, purges=True)
IFUPDOWN_NG: Final = Flavour(
    "ifupdown-ng",
    deprecates=False,
    metric={IPV4: 1, IPV6: 1},
    bare_port=True,
    asks=frozenset({IPV4}),
)
FLAVOURS: Final = {one.name: one for one in (CLASSIC, IFUPDOWN2, IFUPDOWN_NG)}
