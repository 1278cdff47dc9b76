"""What a case is made of."""

from collections.abc import Callable

from msgspec import Struct, field

from bridgekit.planning.intent import Intent
from bridgekit.state.network_state import NetworkState

BASE = (
    "address add 192.168.1.4/24 brd + dev eth0",
    "route add default via 192.168.1.1 dev eth0 onlink",
    "address add 2001:db8:1::4/64 dev eth0",
    "route add default via 2001:db8:1::1 dev eth0 onlink",
)
V4, V6 = BASE[:2], BASE[2:]
SECOND_NIC = (
    "address add 192.168.2.4/24 brd + dev eth1",
    "address add 2001:db8:2::4/64 dev eth1",
)


def unchanged(state: NetworkState) -> NetworkState:
    return state


class Case(Struct, frozen=True):
    """How a lab host gets into the state: `base`, then `lines` of `ip` arguments, then settings.

    eth1 is up and in the snapshot only if a line names it. `change` does to the snapshot what the
    kernel that records cannot do to the host.
    """

    lines: tuple[str, ...] = ()
    intent: Intent = field(default_factory=lambda: Intent("eth0"))
    base: tuple[str, ...] = BASE
    settings: tuple[tuple[str, str], ...] = ()
    change: Callable[[NetworkState], NetworkState] = unchanged

    @property
    def nics(self) -> tuple[str, ...]:
        return ("eth0", "eth1") if any("eth1" in line for line in self.lines) else ("eth0",)

    @property
    def all_lines(self) -> tuple[str, ...]:
        return (*(SECOND_NIC if "eth1" in self.nics else ()), *self.base, *self.lines)
