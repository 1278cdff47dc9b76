"""Cases of routes: each shows one thing, by the lines that bring it about."""

from tests.cases.case import BASE, V4, V6, Case

ON_1, ON_2 = "via 192.168.1.1 dev eth0", "via 192.168.2.1 dev eth1"
ON_1_V6, ON_2_V6 = "via 2001:db8:1::1 dev eth0", "via 2001:db8:2::1 dev eth1"


def routes(*lines: str, base: tuple[str, ...] = V4) -> Case:
    return Case(tuple(f"route add {line}" for line in lines), base=base)


def routes6(*lines: str) -> Case:
    return Case(tuple(f"-6 route add {line}" for line in lines), base=V6)


METRICS = (
    *("mtu 1400", "mtu lock 1300", "advmss 1200", "initcwnd 20", "initrwnd 30", "rto_min 50ms"),
    *("features ecn", "congctl reno", "hoplimit 7", "quickack 1", "window 9000", "rtt 40ms"),
    *("ssthresh 5", "reordering 4", "fastopen_no_cookie 1", "cwnd lock 9"),
)
ROUTES = {
    "route-metrics": routes(*(f"10.{60 + n}.0.0/16 {ON_1} {m}" for n, m in enumerate(METRICS))),
    "route-metrics-ipv6": routes6(
        f"2001:db8:71::/48 {ON_1_V6} mtu lock 1300 advmss 1200 initcwnd 20 hoplimit 7",
        f"2001:db8:72::/48 {ON_1_V6} rto_min 50ms features ecn congctl reno",
    ),
    "route-onlink": routes("10.61.0.0/16 via 172.16.0.1 dev eth0 onlink"),
    "route-onlink-ipv6": routes6("2001:db8:71::/48 via 2001:db8:ff::1 dev eth0 onlink"),
    "route-encap-ip": routes("10.61.0.0/16 encap ip id 7 dst 192.168.1.9 ttl 9 dev eth0"),
    "route-encap-ip6": routes("10.61.0.0/16 encap ip6 id 7 dst 2001:db8:1::9 dev eth0", base=BASE),
    "route-encap-seg6": routes6(
        "2001:db8:71::/48 encap seg6 mode encap segs 2001:db8:1::9 dev eth0",
        "2001:db8:72::/48 encap seg6local action End.DX6 nh6 2001:db8:1::9 dev eth0",
    ),
    "route-realms": routes(f"10.61.0.0/16 {ON_1} realms 7", f"10.62.0.0/16 {ON_1} realms 3/4"),
    "route-preference": routes6(
        f"2001:db8:71::/48 {ON_1_V6} pref high", f"2001:db8:72::/48 {ON_1_V6} pref low"
    ),
    "route-expires": routes6(f"2001:db8:71::/48 {ON_1_V6} expires 3000"),
    "route-from-source": routes6(f"2001:db8:71::/48 from 2001:db8:1::/64 {ON_1_V6}"),
    "route-tos": routes(f"tos 0x10 10.61.0.0/16 {ON_1}", f"10.61.0.0/16 {ON_1}"),
    "route-tables": routes(
        *("192.168.1.0/24 dev eth0 table 100", f"default {ON_1} table 100"),
        f"10.61.0.0/16 {ON_1} table 77",
    ),
    "route-protocols": routes(
        *(f"10.6{n}.0.0/16 {ON_1} proto {n}" for n in (1, 4, 9)), f"10.70.0.0/16 {ON_1} proto 77"
    ),
    "route-like-the-kernels": routes("10.61.0.0/16 dev eth0 proto kernel scope link"),
    "route-prefsrc": routes(f"10.61.0.0/16 {ON_1} src 192.168.1.4"),
    "route-by-ipv6-router": routes("10.61.0.0/16 via inet6 fe80::1 dev eth0", base=BASE),
    "route-metric": routes(f"10.61.0.0/16 {ON_1}", f"10.61.0.0/16 {ON_1} metric 50"),
    "route-local-by-hand": routes(
        "local 10.61.0.0/16 dev eth0 table local", "multicast 224.5.0.0/16 dev eth0 table local"
    ),
    "routes-many": routes(*(f"10.{n}.0.0/16 {ON_1}" for n in range(60, 80))),
    "routes-without-a-device": routes(
        *("blackhole 10.61.0.0/16", "unreachable 10.62.0.0/16", "prohibit 10.63.0.0/16"),
        *("throw 10.64.0.0/16", "blackhole 2001:db8:71::/48", "unreachable 2001:db8:72::/48"),
    ),
    "multipath-one-leg": routes(f"10.61.0.0/16 nexthop {ON_1} weight 3 nexthop {ON_2}"),
    "multipath-both-legs": routes(
        f"10.61.0.0/16 nexthop {ON_1} weight 3 nexthop via 192.168.1.2 dev eth0"
    ),
    "multipath-one-leg-ipv6": routes6(f"2001:db8:71::/48 nexthop {ON_1_V6} nexthop {ON_2_V6}"),
    "multipath-both-legs-ipv6": routes6(
        f"2001:db8:71::/48 nexthop {ON_1_V6} weight 2 nexthop via 2001:db8:1::2 dev eth0"
    ),
    "nexthop-objects": Case(
        (
            *(f"nexthop add id 7 {ON_1}", f"nexthop add id 8 {ON_1_V6} onlink"),
            *("nexthop add id 9 blackhole", "route add 10.61.0.0/16 nhid 7"),
            "-6 route add 2001:db8:71::/48 nhid 8",
        )
    ),
    "nexthop-groups": Case(
        (
            *(f"nexthop add id 7 {ON_1}", f"nexthop add id 8 {ON_2}"),
            *("nexthop add id 9 group 7,3/8", "route add 10.61.0.0/16 nhid 9"),
        ),
        base=V4,
    ),
    "source-on-another-nic": routes(f"10.61.0.0/16 {ON_2} src 192.168.1.4"),
    "competing-eth0-first": Case(
        (f"route add 10.61.0.0/16 {ON_1}", f"route append 10.61.0.0/16 {ON_2}"), base=V4
    ),
    "competing-eth1-first": Case(
        (f"route add 10.61.0.0/16 {ON_2}", f"route append 10.61.0.0/16 {ON_1}"), base=V4
    ),
    "competing-between": Case(
        (
            f"route add 10.61.0.0/16 {ON_2}",
            f"route append 10.61.0.0/16 {ON_1}",
            "route append 10.61.0.0/16 via 192.168.2.2 dev eth1",
        ),
        base=V4,
    ),
    "competing-eth0-first-ipv6": Case(
        (f"route add 2001:db8:71::/48 {ON_1_V6}", f"route append 2001:db8:71::/48 {ON_2_V6}"),
        base=V6,
    ),
    "competing-eth1-first-ipv6": Case(
        (f"route add 2001:db8:71::/48 {ON_2_V6}", f"route append 2001:db8:71::/48 {ON_1_V6}"),
        base=V6,
    ),
    "competing-on-link-ipv6": Case(
        ("-6 route add 2001:db8:71::/48 dev eth1", "-6 route append 2001:db8:71::/48 dev eth0"),
        base=V6,
    ),
    "competing-defaults": Case(
        (f"route append default {ON_2}", f"-6 route append default {ON_2_V6}")
    ),
    "competing-connected": Case(("address add 192.168.1.14/24 dev eth1",), base=V4),
    "connected-route-removed": Case(
        ("route del 192.168.1.0/24 dev eth0", "-6 route del 2001:db8:1::/64 dev eth0")
    ),
}
