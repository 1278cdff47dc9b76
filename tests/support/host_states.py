"""Host states that must last: how each is made, the file it comes with, and who cannot keep it."""

from collections.abc import Mapping

from msgspec import Struct, field

from bridgekit.lab import layout

ALL = ("classic", "ifupdown2", "ifupdown-ng")
OTHERS = ALL[1:]
ETH1 = "auto eth1\niface eth1 inet manual\n  up ip link set eth1 up\n"
LO = "auto lo\niface lo inet loopback\n\n"
HEAD = "auto eth0\niface eth0 inet static\n"
SIMPLE = f"{LO}{HEAD}  address 192.168.1.4/24\n  gateway 192.168.1.1\n"
FULL = layout.INTERFACES.partition("interfaces.d/*\n")[2]


class State(Struct, frozen=True):
    """A host's state as lines of `ip` arguments, its interfaces file, and options of `apply`.

    `sysctls` are made afterwards. `aside`: what stands in lines that a boot need not make the same.
    `more`: further files below /etc/network. `dialects`: who has such a host. `told`: the finding
    that a dialect must get, since it cannot keep all.
    """

    host: tuple[str, ...] = layout.SIMPLE
    file: str = SIMPLE
    options: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    sysctls: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    dialects: tuple[str, ...] = ALL
    result: Mapping[str, str] = field(default_factory=dict)


def _with(*lines: str, file: str = SIMPLE) -> State:
    return State((*layout.SIMPLE, *lines), file)


def _kept(*lines: str) -> State:
    """The lines are in the file as well."""
    return _with(*lines, file=SIMPLE + "".join(f"  up ip {line}\n" for line in lines))


def _every(code: str) -> dict[str, str]:
    return dict.fromkeys(ALL, code)


_MANY = tuple(f"address add 10.{n}.0.{m}/24 brd + dev eth0" for n in range(6) for m in (4, 9, 5))
_V6 = tuple(f"address add 2001:db8:{n}::{m}/64 dev eth0" for n in (1, 7) for m in (4, 9, 5))
_LIKE_NG = (
    *layout.UP,
    "address add 192.168.1.4/24 dev eth0",
    "address add 192.168.1.9/24 dev eth0",
    "route add default via 192.168.1.1 dev eth0 metric 1",
    "address add 2001:db8:1::4/64 dev eth0",
    "route add default via 2001:db8:1::1 dev eth0 metric 1",
)
_LIKE_2 = (
    *layout.UP,
    "address add 192.168.1.4/24 dev eth0",
    "route add default via 192.168.1.1 proto kernel dev eth0 onlink",
    "address add 2001:db8:1::4/64 dev eth0",
    "address add 2001:db8:1::5/64 dev eth0 preferred_lft 0",
    "address add 2001:db8:1::6/64 dev eth0",
)
_NO_FAMILY = (
    f"{LO}auto eth0\niface eth0\n  address 192.168.1.4/24\n  address 192.168.1.9/24\n"
    "  address 2001:db8:1::4/64\n  gateway 192.168.1.1\n  hwaddress 52:54:00:b1:00:04\n"
)
_STP = ("--stp", "--forward-delay", "2", "--ageing", "4")
"""An ageing time that a change of the topology does not shorten."""

STATES = {
    "simple": State(),
    "full": State(layout.FULL, FULL),
    "bare": State(layout.UP, LO),
    "odds and ends": _with(
        "address add 10.30.0.4/24 dev eth0 brd + noprefixroute",
        "route add 10.30.0.0/24 dev eth0 proto kernel scope link src 10.30.0.4",
        "address add 10.44.0.4 peer 10.44.0.5/32 dev eth0",
        "address add fe80::77/64 dev eth0",
        "address add 2001:db8:7::4/128 dev eth0",
        "route add 10.1.0.0/16 via 192.168.1.1 dev eth0 rto_min 300ms",
        "neighbour add 192.168.1.91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
        "neighbour add proxy 192.168.1.90 dev eth0",
        "rule add iif eth0 lookup 100 priority 500",
    ),
    "metrics": _with(
        "link set eth0 mtu 1400",
        "address add 192.168.1.5/24 brd + dev eth0 label eth0:mail",
        "route add 10.1.0.0/16 via 192.168.1.1 dev eth0 metric 7 mtu lock 1300 advmss 1200",
        "route add 10.2.0.0/16 dev eth0 scope link",
        "route add default via 192.168.1.1 dev eth0 table 77 proto static",
    ),
    "many addresses": _with(*_MANY),
    "IPv6 addresses in order": _with(*_V6),
    "IPv6 alone": State((*layout.UP, *_V6, "route add default via 2001:db8:1::1 dev eth0 onlink")),
    "a deprecated address": _with(
        "address add 2001:db8:1::4/64 dev eth0 preferred_lft 0", *_V6[1:]
    ),
    "a label first": State((*layout.UP, "address add 192.168.1.4/24 brd + dev eth0 label eth0:a")),
    "labels": _with(*(f"address add 10.5.0.{n}/16 brd + dev eth0 label eth0:{n}" for n in "123")),
    "a peer first": State(
        (
            *layout.UP,
            "address add 10.44.0.4 peer 10.44.0.5/32 dev eth0",
            "route add default via 10.44.0.5 dev eth0 onlink",
        )
    ),
    "an IPv6 peer": _with("address add 2001:db8:1::4 peer 2001:db8:1::9/128 dev eth0"),
    "metrics of addresses": _with(
        "address add 10.6.0.4/16 brd + dev eth0 metric 50",
        "address add 2001:db8:6::4/64 dev eth0 metric 70",
    ),
    "no prefix route": _with("address add 2001:db8:6::4/64 dev eth0 noprefixroute"),
    "scope link": _with("address add 169.254.7.4/16 brd + dev eth0 scope link"),
    "single addresses": _with(
        "address add 203.0.113.4/32 dev eth0",
        "address add 203.0.113.6/31 dev eth0",
        "address add 2001:db8:9::4/128 dev eth0",
    ),
    "link-local by hand": _with("address add fe80::4/64 dev eth0"),
    "jumbo frames": _with("link set eth0 mtu 9000", *_V6),
    "a MAC by hand": State(
        ("link set eth0 address 52:54:00:99:00:04", *layout.SIMPLE), aside=('"ifname": "eth0"',)
    ),
    "a MAC for the bridge": State(
        (*layout.SIMPLE, *_V6),
        options=("--mac", "52:54:00:99:00:05"),
        aside=("fe99:5", "33:33:ff:99:00:05"),
    ),
    "static neighbours": _with(
        *_V6,
        "neighbour add 192.168.1.91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
        "neighbour add 2001:db8:1::91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
    ),
    "proxy neighbours": _with(
        "neighbour add proxy 192.168.1.90 dev eth0", "neighbour add proxy 2001:db8:1::90 dev eth0"
    ),
    "static MACs": _with("maddress add 01:00:5e:00:00:99 dev eth0"),
    "STP": State(options=(*_STP, "--hello", "1", "--max-age", "12", "--priority", "4096")),
    "STP in fractions": State(options=(*_STP, "--hello", "1.5", "--max-age", "12.5")),
    "bridge priority and ageing": State(options=("--priority", "8192", "--ageing", "60")),
    "ageing in fractions": State(options=("--ageing", "7.5")),
    "port cost and priority": State(options=("--path-cost", "77", "--port-priority", "9")),
    "rules": _kept(
        "rule add iif eth0 lookup 100 priority 500",
        "rule add oif eth0 lookup 101 priority 501",
        "rule add from 192.168.1.4 fwmark 7 lookup 102 priority 502",
    ),
    "tables": _with(
        "route add default via 192.168.1.1 dev eth0 table 100",
        "route add 10.7.0.0/16 via 192.168.1.1 dev eth0 table 100",
        "route add unreachable 10.7.1.0/24 table 100",
        file=SIMPLE + "  up ip route add unreachable 10.7.1.0/24 table 100\n",
    ),
    "a blackhole": _kept("route add blackhole 10.9.0.0/16 table 50"),
    "two defaults": _with("route add default via 192.168.1.2 dev eth0 metric 100"),
    "a default that no word makes": State(
        (
            *layout.UP,
            "address add 192.168.1.4/24 dev eth0",
            "route add default via 192.168.1.1 dev eth0",
        ),
        dialects=OTHERS,
    ),
    "multipath": _with(
        "route add 10.8.0.0/16 nexthop via 192.168.1.1 dev eth0 nexthop via 192.168.1.2 dev eth0"
    ),
    "multipath with eth1": State(
        (
            *layout.SIMPLE,
            "address add 192.168.2.4/24 brd + dev eth1",
            "route add 10.8.0.0/16 nexthop via 192.168.1.1 dev eth0"
            " nexthop via 192.168.2.1 dev eth1",
        ),
        result=_every("not-written"),
    ),
    "IPv6 multipath": _with(
        *_V6,
        "route add 2001:db8:8::/48 nexthop via 2001:db8:1::1 dev eth0"
        " nexthop via 2001:db8:1::2 dev eth0",
    ),
    "nexthop objects": State(
        (
            *layout.SIMPLE,
            "nexthop add id 7 via 192.168.1.1 dev eth0",
            "route add 10.8.0.0/16 nhid 7",
        ),
        result=_every("not-written"),
    ),
    "settings": State(
        sysctls=(
            "net.ipv6.conf.eth0.accept_ra=2",
            "net.ipv6.conf.eth0.autoconf=1",
            "net.ipv4.conf.eth0.proxy_arp=1",
            "net.ipv4.conf.eth0.rp_filter=1",
        )
    ),
    "a file of ifupdown-ng": State(_LIKE_NG, _NO_FAMILY, dialects=OTHERS),
    "a file of ifupdown2": State(_LIKE_2, _NO_FAMILY, dialects=OTHERS),
    "a stanza in another file": State(
        file="source /etc/network/interfaces.d/eth0\n",
        more={"interfaces.d/eth0": f"allow-hotplug eth0\n{SIMPLE}"},
    ),
    "files by a pattern": State(
        file="source /etc/network/interfaces.d/*\n",
        more={"interfaces.d/eth0": SIMPLE},
        result={"ifupdown-ng": "file-not-taken"},
    ),
    "files of a folder": State(
        file=f"source-directory interfaces.d\n{SIMPLE}", result={"ifupdown2": "file-not-taken"}
    ),
    "inherited": State(
        file=f"{LO}iface common inet static\n  address 192.168.1.4/24\n\n"
        "auto eth0\niface eth0 inet static inherits common\n  gateway 192.168.1.1\n"
    ),
    "a bridge that is there": State(
        (*layout.SIMPLE, "link add br0 type bridge forward_delay 0", "link set br0 up"),
        f"{SIMPLE}\nauto br0\niface br0 inet manual\n  bridge-ports none\n  bridge-fd 0\n",
        aside=("link {",),
    ),
    "a name that others need": State(
        file=f"{SIMPLE}\nauto eth9\niface eth9 inet manual\n  up true ifup eth0\n"
    ),
}
