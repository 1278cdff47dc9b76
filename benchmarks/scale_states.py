"""Large states of a host, as arguments of `ip`; `{nic}` stands for the link.

Besides, each host has the same few addresses and routes on eth0, and a second NIC.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from bridgekit.lab import layout

What = Literal["address", "neighbour", "route", "rule"]
SECOND = (
    *layout.UP,
    "address add 192.168.2.4/24 brd + dev eth1",
    "address add 2001:db8:2::4/64 dev eth1",
    "route add 198.51.100.0/24 via 192.168.2.1 dev eth1",
)
NETS4, NETS6 = int(IPv4Address("32.0.0.0")), int(IPv6Address("2a00::"))


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of the network, without the verb."""

    what: What
    words: str

    @property
    def moves(self) -> bool:
        """Return whether it is on the NIC."""
        return "{nic}" in self.words

    def line(self, verb: str, nic: str) -> str:
        """Return the line of an `ip -batch`."""
        words = self.words.format(nic=nic)
        if self.what == "neighbour" and verb == "delete":  # takes no word about its state
            words = words.replace(" nud permanent", "")
        return f"{self.what} {verb} {words}"


Kind = Callable[[int], Iterator[Thing]]
ROUTERS = tuple(
    f"address add {where} dev eth0"
    for number in range(10, 210)
    for where in (f"192.168.1.{number}/32", f"2001:db8:1::{number:x}/128 nodad")
)
"""What the gateway answers to beside its own."""
USUAL = (
    Thing("address", "192.168.1.4/24 brd + dev {nic}"),
    Thing("address", "10.20.0.4/16 brd + dev {nic}"),
    Thing("address", "2001:db8:1::4/64 dev {nic} nodad"),
    Thing("route", "default via 192.168.1.1 dev {nic}"),
    Thing("route", "203.0.113.0/24 via 192.168.1.1 dev {nic} src 192.168.1.4"),
    Thing("route", "10.99.0.0/16 via 10.20.0.1 dev {nic} metric 50"),
    Thing("route", "default via 2001:db8:1::1 dev {nic}"),
    Thing("route", "2001:db8:99::/48 via 2001:db8:1::1 dev {nic} metric 70"),
)


def net(number: int, family: int) -> str:
    """Return one of many networks, with three prefix lengths in turn."""
    if family == 4:
        return f"{IPv4Address(NETS4 + (number << 8))}/{24 + number % 3}"
    return f"{IPv6Address(NETS6 + (number << 64))}/{64 + 4 * (number % 3)}"


def router(number: int, family: int) -> str:
    """Return the router with this number, from 1, in the NIC's own network."""
    return f"192.168.1.{number}" if family == 4 else f"2001:db8:1::{number:x}"


def routed(size: int, routers: int, families: tuple[int, ...] = (4, 6)) -> Iterator[Thing]:
    """Return routes of these families, over so many routers in turn, never the host itself."""
    for number in range(size):
        family, turn = families[number % len(families)], number // len(families)
        via = router(10 + turn % routers, family)
        yield Thing("route", f"{net(turn, family)} via {via} dev {{nic}}")


def two_routers(size: int) -> Iterator[Thing]:
    """Both families, two routers by turns."""
    return routed(size, 2)


def one_router(size: int) -> Iterator[Thing]:
    """IPv4, one router."""
    return routed(size, 1, (4,))


def many_routers(size: int) -> Iterator[Thing]:
    """Both families, 200 routers by turns: few routes share a block."""
    return routed(size, 200)


def on_link(size: int) -> Iterator[Thing]:
    """Both families, without a router."""
    for number in range(size):
        yield Thing("route", f"{net(number // 2, (4, 6)[number % 2])} dev {{nic}}")


def two_metrics(size: int) -> Iterator[Thing]:
    """Both families; each destination has two routes."""
    for number in range(size):
        family, turn = (4, 6)[number % 2], number // 4
        metric = 10 + 10 * (number // 2 % 2)
        words = f"{net(turn, family)} via {router(metric, family)} dev {{nic}} metric {metric}"
        yield Thing("route", words)


def own_metrics(size: int) -> Iterator[Thing]:
    """IPv4; each route has a metric that no other has: none share a block."""
    for number, route in enumerate(one_router(size)):
        yield Thing("route", f"{route.words} metric {number + 1}")


def many_tables(size: int) -> Iterator[Thing]:
    """Both families, two routers, in 100 tables by turns."""
    for number, route in enumerate(two_routers(size)):
        yield Thing("route", f"{route.words} table {1000 + number // 2 % 100}")


def multipath(size: int, family: int = 4) -> Iterator[Thing]:
    """IPv4; two nexthops over the NIC."""
    nexthops = " ".join(f"nexthop via {router(n, family)} dev {{nic}}" for n in (10, 11))
    for number in range(size):
        yield Thing("route", f"{net(number, family)} {nexthops}")


def multipath6(size: int) -> Iterator[Thing]:
    """IPv6; two nexthops over the NIC."""
    return multipath(size, 6)


def nexthop_elsewhere(size: int) -> Iterator[Thing]:
    """IPv4; one nexthop over the NIC, one over the second."""
    for number in range(size):
        nexthops = "nexthop via 192.168.1.10 dev {nic} nexthop via 192.168.2.1 dev eth1"
        yield Thing("route", f"{net(number, 4)} {nexthops}")


def elsewhere(size: int) -> Iterator[Thing]:
    """Both families, over the second NIC only: nothing of it moves."""
    for number in range(size):
        family = (4, 6)[number % 2]
        via = {4: "192.168.2.1", 6: "2001:db8:2::1"}[family]
        yield Thing("route", f"{net(number // 2, family)} via {via} dev eth1")


def addresses(size: int) -> Iterator[Thing]:
    """Both families; of IPv4 all but one secondaries of one network."""
    for number in range(size // 2):
        yield Thing("address", f"{IPv4Address('10.64.0.1') + number}/16 brd + dev {{nic}}")
    for number in range(size - size // 2):
        yield Thing("address", f"{IPv6Address('fd00:64::1') + number}/64 dev {{nic}} nodad")


def lone_addresses(size: int) -> Iterator[Thing]:
    """Both families; each in a network of its own."""
    for number in range(size):
        ip4, ip6 = IPv4Address(NETS4 + (number << 8)), IPv6Address(NETS6 + (number << 64))
        words = f"{ip6 + 1}/64" if number % 2 else f"{ip4 + 1}/24 brd +"
        yield Thing("address", f"{words} dev {{nic}}{' nodad' if number % 2 else ''}")


def neighbours(size: int) -> Iterator[Thing]:
    """Permanent ones of both families."""
    for number in range(size):
        turn = number // 2
        ip = (IPv6Address("2001:db8:1:0:1::") if number % 2 else IPv4Address("10.20.1.0")) + turn
        mac = (0x02B1 << 32 | number).to_bytes(6).hex(":")
        yield Thing("neighbour", f"{ip} lladdr {mac} nud permanent dev {{nic}}")


def rules(size: int) -> Iterator[Thing]:
    """IPv4, each with a priority of its own; every second names the NIC."""
    for number in range(size):
        where = "iif {nic} " if number % 2 else ""
        source = f"{IPv4Address('100.64.0.0') + number}"
        yield Thing("rule", f"from {source} {where}table 100 priority {1000 + number}")


def mix(size: int) -> Iterator[Thing]:
    """Routes, and with them addresses (a 20th, 5,000 at most), neighbours (a 10th), rules."""
    yield from addresses(min(size // 20, 5000))
    yield from neighbours(min(size // 10, 10_000))
    yield from two_routers(size)
    yield from rules(min(size // 100, 1000))


ROUTES: dict[str, Kind] = {
    "two routers": two_routers,
    "one router": one_router,
    "many routers": many_routers,
    "on link": on_link,
    "two metrics": two_metrics,
    "own metrics": own_metrics,
    "many tables": many_tables,
    "multipath": multipath,
    "multipath6": multipath6,
    "a nexthop elsewhere": nexthop_elsewhere,
    "elsewhere": elsewhere,
}
KINDS: dict[str, Kind] = {
    **ROUTES,
    "addresses": addresses,
    "lone addresses": lone_addresses,
    "neighbours": neighbours,
    "rules": rules,
    "mix": mix,
}


@dataclass(frozen=True, slots=True)
class State:
    """So many objects of a kind, beside the usual ones."""

    kind: str
    size: int

    def things(self) -> Iterator[Thing]:
        """Yield them, those that others depend on first."""
        yield from USUAL
        yield from KINDS[self.kind](self.size)
