"""Cases of what moves, but for routes: each shows one thing, by the lines that bring it about."""

from collections.abc import Callable

from msgspec.structs import replace

from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.state.address import IPV6, Address
from bridgekit.state.link import Link, PortOptions, StaticMac
from bridgekit.state.network_state import NetworkState
from tests.cases.case import BASE, V4, V6, Case

TEMPORARY = 0x01  # IFA_F_TEMPORARY; for IPv4 the same bit says "secondary"
Change = Callable[[NetworkState], NetworkState]


def addresses(*lines: str, base: tuple[str, ...] = V4) -> Case:
    return Case(tuple(f"address add {line} dev eth0" for line in lines), base=base)


def each_address(change: Callable[[Address], Address]) -> Change:
    return lambda state: replace(state, addresses=tuple(map(change, state.addresses)))


def each_link(change: Callable[[Link], Link]) -> Change:
    return lambda state: replace(state, links=tuple(map(change, state.links)))


def as_kind(kind: str, lower: str | None = None) -> Change:
    """eth0 is of this kind, on top of that link."""
    return each_link(
        lambda link: replace(link, kind=kind, lower=lower) if link.name == "eth0" else link
    )


def without_ipv6(state: NetworkState) -> NetworkState:
    """As under a kernel that has no IPv6 at all."""
    return replace(
        each_link(lambda link: replace(link, addrgenmode=None))(state),
        addresses=tuple(a for a in state.addresses if a.family != IPV6),
        routes=state.routes.where(lambda message: message[0] != IPV6),
        sysctls=tuple(item for item in state.sysctls if "ipv6" not in item.key),
    )


def with_static_mac(state: NetworkState) -> NetworkState:
    """As `bridge fdb add … dev eth0 self permanent` makes it."""
    return replace(state, static_macs=(StaticMac("eth0", "02:00:00:00:00:99"),))


def temporary(address: Address) -> Address:
    """Only the kernel makes these, and each time another."""
    mine = address.ip == "2001:db8:1::9"
    return replace(address, flags=address.flags | TEMPORARY) if mine else address


ADDRESSES = {
    "bare": Case(base=()),
    "single-address": Case(base=V4),
    "both-families": Case(),
    "secondary-addresses": addresses("192.168.1.5/24 brd +", "192.168.1.6/24 brd +"),
    "several-networks": addresses(
        *("10.20.0.4/16 brd +", "192.168.1.5/24 brd +", "10.20.0.5/16 brd +"),
        *("10.30.0.4/32", "192.168.1.0/31"),
    ),
    "same-address-two-lengths": addresses("192.168.1.4/16 brd +"),
    "peer": addresses("10.44.0.2 peer 10.9.9.1/32", "10.44.0.3 peer 10.9.8.0/24"),
    "broadcast-absent-or-odd": addresses("10.20.0.4/16", "10.30.0.4/16 brd 10.30.0.0"),
    "labels": addresses("10.45.0.4/24 label eth0:1", "10.45.0.5/24 label eth0:mail"),
    "scopes": addresses(
        "10.20.0.4/16 scope link", "10.30.0.4/16 scope host", "10.40.0.4/16 scope 200"
    ),
    "address-deprecated": addresses("10.20.0.4/16 preferred_lft 0"),
    "address-metric": addresses("10.20.0.4/16 metric 7", base=V4),
    "address-metric-ipv6": addresses("2001:db8:5::4/64 metric 9", base=V6),
    "noprefixroute": addresses("10.20.0.4/16 noprefixroute", "2001:db8:5::4/64 noprefixroute"),
    "multicast-address-joined": addresses("224.1.2.3/32 autojoin"),
    "address-protocol": Case(
        base=BASE, change=each_address(lambda address: replace(address, protocol=0x42))
    ),
    "ipv6-order": addresses(*(f"2001:db8:1::{n}/64" for n in (7, 5, 9)), base=V6),
    "ipv6-nodad": addresses("2001:db8:1::5/64 nodad", base=V6),
    "ipv6-deprecated": addresses("2001:db8:1::5/64 preferred_lft 0", base=V6),
    "ipv6-lifetimes": addresses("2001:db8:1::5/64 valid_lft 4000 preferred_lft 3000", base=V6),
    "ipv6-temporary": replace(
        addresses("2001:db8:1::9/64 valid_lft 4000 preferred_lft 3000", base=V6),
        change=each_address(temporary),
    ),
    "ipv6-single": addresses("2001:db8:5::4/128", base=V6),
    "ipv6-peer": addresses("2001:db8:5::4 peer 2001:db8:6::4/64", base=V6),
    "ipv6-home": addresses("2001:db8:1::5/64 home", base=V6),
    "ipv6-manages-temporary": addresses("2001:db8:1::5/64 mngtmpaddr", base=V6),
    "link-local-by-hand": addresses("fe80::4/64", "fe80::5/64 nodad", base=V6),
    "link-local-removed": Case(("-6 address del fe80::5054:ff:feb1:4/64 dev eth0",), base=V6),
    "addrgenmode-none": Case(("link set eth0 addrgenmode none",), base=V6),
    "addrgenmode-random": Case(("link set eth0 addrgenmode random",), base=V6),
    "ipv6-disabled": Case(base=V4, settings=(("net.ipv6.conf.eth0.disable_ipv6", "1"),)),
    "no-ipv6-in-the-kernel": Case(base=V4, change=without_ipv6),
}
OTHERS = {
    "rules": Case(
        (
            "rule add iif eth0 lookup 100 priority 500",
            "rule add not from 10.1.0.0/16 oif eth0 fwmark 7/15 lookup 77 priority 600",
            "-6 rule add iif eth0 lookup 100 priority 500",
            "rule add from 10.2.0.0/16 lookup 77 priority 700",
        )
    ),
    "rules-of-equal-priority": Case(
        (
            "rule add from 10.0.0.0/8 lookup 100 priority 500",
            "rule add iif eth0 lookup 100 priority 500",
            "rule add iif eth1 lookup 77 priority 500",
        ),
        base=V4,
    ),
    "rules-of-equal-priority-ipv6": Case(
        (
            "-6 rule add oif eth0 lookup 100 priority 500",
            "-6 rule add from 2001:db8:9::/48 lookup 77 priority 500",
        ),
        base=V6,
    ),
    "neighbours": Case(
        (
            "neighbour add 192.168.1.91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
            "neighbour add 192.168.1.92 lladdr 52:54:00:00:00:92 dev eth0 nud stale",
            "neighbour add 2001:db8:1::91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent router",
        )
    ),
    "neighbours-by-proxy": Case(
        (
            "neighbour add proxy 192.168.1.90 dev eth0",
            "neighbour add proxy 2001:db8:1::90 dev eth0",
        )
    ),
    "settings": Case(
        settings=(
            ("net.ipv4.conf.eth0.arp_ignore", "1"),
            ("net.ipv4.conf.eth0.proxy_arp", "1"),
            ("net.ipv4.conf.eth0.forwarding", "1"),
            ("net.ipv6.conf.eth0.accept_ra", "2"),
            ("net.ipv6.conf.eth0.hop_limit", "33"),
            ("net.ipv4.neigh.eth0.gc_stale_time", "123"),
            ("net.ipv6.neigh.eth0.retrans_time_ms", "500"),
        )
    ),
    "setting-rp-filter-strict": Case(base=V4, settings=(("net.ipv4.conf.eth0.rp_filter", "1"),)),
    "setting-rp-filter-strict-everywhere": Case(
        base=V4, settings=(("net.ipv4.conf.all.rp_filter", "1"),)
    ),
    "setting-accept-ra-as-a-new-link": Case(
        base=V6,
        settings=(("net.ipv6.conf.default.accept_ra", "1"), ("net.ipv6.conf.eth0.accept_ra", "1")),
    ),
    "static-multicast": Case(("maddress add 33:33:00:00:00:77 dev eth0",), base=V4),
    "mtu": Case(("link set eth0 mtu 1400",), base=V4),
    "alias": Case(("link set eth0 alias office",), base=V4),
    "queue-length-and-group": Case(("link set eth0 txqueuelen 555 group 42",), base=V4),
    "alternative-names": Case(("link property add dev eth0 altname enp0s1",), base=V4),
    "bond": Case(base=V4, change=as_kind("bond")),
    "vlan": Case(("link set eth1 mtu 1500",), base=V4, change=as_kind("vlan", "eth1")),
    "bridge-options": Case(
        intent=Intent(
            "eth0",
            "lan",
            spec=BridgeSpec(
                *("02:00:00:00:00:42", False, 400, 300, 1500, 20000, 4096),
                vlan_filtering=True,
                port=PortOptions(77, 5),
            ),
        ),
        base=V4,
    ),
    "lro": Case(base=V4, change=each_link(lambda link: replace(link, lro=link.name == "eth0"))),
    "static-mac": Case(base=V4, change=with_static_mac),
    "nexthop-encapsulated": Case(
        ("nexthop add id 4 encap ip id 3 dst 10.0.0.1 via 192.168.1.1 dev eth0",), base=V4
    ),
    "router-whose-network-is-gone": Case(
        (
            "address add 10.20.0.5/16 dev eth0",
            "route add 10.77.0.0/16 via 192.168.1.1 dev eth0",
            "address del 192.168.1.4/24 dev eth0",
        ),
        base=V4[:1],
    ),
}
MOVES = ADDRESSES | OTHERS
