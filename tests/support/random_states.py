"""States nobody wrote by hand, as the lines of `ip` and `bridge` that make them."""

from hypothesis import strategies as st

from bridgekit.lab import layout

LINKS = ("eth0", "eth1")
V4 = ("192.168.1", "192.168.2", "10.20.0", "10.30.7")
V6 = ("2001:db8:1", "2001:db8:2", "fd00:7")
BASE = (
    *layout.UP,
    "address add 192.168.1.4/24 brd + dev eth0",
    "address add 192.168.2.4/24 brd + dev eth1",
    "address add 2001:db8:1::4/64 dev eth0",
    "address add 2001:db8:2::4/64 dev eth1",
)


def words(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    """Join the words drawn; empty ones vanish."""
    drawn = [part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts]
    return st.tuples(*drawn).map(lambda found: " ".join(word for word in found if word))


def maybe(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(("", *texts))


def one(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


link = one(*LINKS)
mostly_eth0 = one("eth0", "eth0", "eth1")
v4_host = st.builds(lambda net, host: f"{net}.{host}", one(*V4), st.integers(2, 9))
v6_host = st.builds(lambda net, host: f"{net}::{host:x}", one(*V6), st.integers(2, 9))
v4_net = one("default", "10.77.0.0/16", "10.77.1.0/24", "10.78.0.0/15", "203.0.113.7", "0.0.0.0/1")
v6_net = one("default", "2001:db8:77::/48", "2001:db8:77:1::/64", "2001:db8:78::7")
table = maybe("table 100", "table 77", "table local")
metric = maybe("metric 5", "metric 50", "metric 600")
timed = maybe("valid_lft 4000 preferred_lft 3000", "preferred_lft 0")

v4_address = st.one_of(
    words(
        *(
            "address add",
            st.builds("{}.{}/{}".format, one(*V4), hosts, one("24", "16", "32", "31")),
        ),
        *(maybe("brd +"), "dev", dev, timed),
        maybe("scope link", "scope 200", "noprefixroute", "metric 7"),
    )
    for dev, hosts in (("eth0", st.integers(5, 9)), ("eth1", st.integers(15, 19)))
)
peers = one("10.9.9.1/32", "10.9.8.0/24")
v4_peer = words(
    "address add", st.integers(2, 9).map("10.44.0.{}".format), "peer", peers, "dev eth0"
)
v4_label = words(
    *("address add", st.integers(20, 29).map("10.45.0.{}/24".format), "dev eth0"),
    one("label eth0:a", "label eth0:1"),
)
v6_address = words(
    *(
        "address add",
        st.builds("{}/{}".format, v6_host, one("64", "128", "48")),
        "dev",
        mostly_eth0,
    ),
    *("nodad", maybe("noprefixroute", "home", "metric 9", "mngtmpaddr"), timed),
)
autojoin = words("address add", one("239.1.2.3/32", "ff05::7/128"), "dev", link, "autojoin")
v4_gateway = one("via 192.168.1.1 dev eth0", "via 192.168.2.1 dev eth1", "via 10.20.0.1 dev eth0")
v6_gateway = one(
    *("via 2001:db8:1::1 dev eth0", "via 2001:db8:2::1 dev eth1", "via fe80::1 dev eth0"),
    "via fe80::2 dev eth1",
)
verb = one("route add", "route append", "route prepend")
settings_of_route = maybe(
    *(
        "mtu 1400",
        "mtu lock 1300 advmss 1200",
        "initcwnd 20 initrwnd 30",
        "hoplimit 7",
        "quickack 1",
    ),
    *("rto_min 50ms", "features ecn", "congctl reno", "window 9000"),
)
v4_route = words(
    *(verb, maybe("tos 0x10"), v4_net, st.one_of(v4_gateway, link.map("dev {}".format))),
    *(table, metric, maybe("proto static", "proto 77", "proto kernel"), maybe("onlink")),
    *(maybe("src 192.168.1.4", "src 192.168.2.4", "src 192.168.1.5"), settings_of_route),
    maybe("realms 7", "realms 3/4"),
)
v6_route = words(
    *("-6", verb, v6_net, st.one_of(v6_gateway, link.map("dev {}".format)), table, metric),
    *(maybe("src 2001:db8:1::4", "src 2001:db8:2::4"), maybe("proto static", "proto ra")),
    *(maybe("pref high", "pref low"), maybe("expires 3000"), settings_of_route),
)
v4_legs = words(
    *("route append", v4_net, table, metric),
    *("nexthop", v4_gateway, maybe("weight 3"), "nexthop", v4_gateway, maybe("weight 2")),
)
v6_legs = words("-6 route append", v6_net, metric, "nexthop", v6_gateway, "nexthop", v6_gateway)
encapsulated = words(
    *(verb, v4_net, "encap ip id 5 dst 10.0.0.1", v4_gateway, table, metric),
)
encapsulated6 = words(
    *("-6", verb, v6_net),
    one("encap ip6 id 5 dst 2001:db8:1::1", "encap seg6 mode encap segs 2001:db8:1::1"),
    *(v6_gateway, table, metric),
)
over_ipv6 = words("-4", verb, v4_net, "via inet6 fe80::1", "dev", link, metric)
local = words(
    one("", "-6"),
    verb,
    one("local", "multicast", "broadcast", "anycast"),
    one("10.88.0.0/16", "239.5.0.0/16", "2001:db8:88::/64", "ff05::/16"),
    *("dev", link, table),
)
no_device = words(
    *(one("", "-6"), "route append", one("blackhole", "unreachable", "prohibit", "throw")),
    *(v4_net, table, metric),
)
rule = words(
    *(
        one("", "-6"),
        "rule add",
        maybe("not"),
        maybe("iif eth0", "iif eth1", "iif lo"),
        maybe("oif eth0", "oif eth1"),
        maybe("ipproto tcp dport 80", "tos 0x10", "uidrange 0-100", "suppress_prefixlength 0"),
    ),
    *(maybe("fwmark 7", "fwmark 9/15"), maybe("from 10.77.0.0/16", "from 2001:db8:77::/48")),
    one("lookup 100", "lookup 77", "lookup main", "blackhole", "goto 32766"),
    *("priority", one("500", "501", "900")),
)
neighbour = words(
    *("neighbour add", st.one_of(v4_host, v6_host), "lladdr 52:54:00:00:00:99 dev", link),
    one("nud permanent", "nud permanent router", "nud stale"),
)
proxy = words("neighbour add proxy", st.one_of(v4_host, v6_host), "dev", link)
nexthop = words("nexthop add id", one("1", "2", "3"), st.one_of(v4_gateway, v6_gateway))
encapsulated_nexthop = words(
    *("nexthop add id", one("4", "5"), "encap ip id 3 dst 10.0.0.1", v4_gateway),
)
group = words(
    *("nexthop add id", one("11", "12"), "group", one("1/2", "1", "2,3/3", "1/2/3", "4/1")),
    maybe("type resilient buckets 32"),
)
by_nexthop = words("route append", v4_net, "nhid", one("1", "2", "3", "11", "12"), metric, table)
changed = one(
    "route replace 192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.4 initcwnd 20",
    "route replace 192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.5",
    "route replace 192.168.1.0/24 dev eth0 proto kernel scope link",
    "-6 route replace 2001:db8:1::/64 dev eth0 proto kernel metric 256 mtu 1300",
)
"""A connected route that someone has given other settings."""
v6_peer = words("-6 address add 2001:db8:6::9 peer 2001:db8:7::a/64 dev", link, "nodad")
gone = one(
    "route del 192.168.1.0/24 dev eth0",
    *("address del 192.168.1.4/24 dev eth0", "-6 route del 2001:db8:1::/64 dev eth0"),
    "-6 route del fe80::/64 dev eth0",
)
static_mac = words(
    one("maddress add 01:00:5e:01:02:03", "maddress add 33:33:00:00:00:77", "fdb"),
    *("dev", link),
)
"""`fdb` stands for a line of `bridge`, which has its own way to say it."""
of_link = one(
    *("link set eth0 mtu 1400", "link set eth0 alias office", "link set eth0 txqueuelen 77"),
    *("link set eth0 group 7", "link set eth0 addrgenmode none"),
    *("link set eth0 addrgenmode random", "link property add dev eth0 altname enp9"),
)
line = st.one_of(
    *(v4_address, v4_address, v4_peer, v4_label, v6_address, v6_address, v4_route, v4_route),
    *(v4_route, v6_route, v6_route, v4_legs, v6_legs, no_device, rule, rule, neighbour, proxy),
    *(nexthop, group, by_nexthop, gone, static_mac, of_link, encapsulated, encapsulated6),
    *(over_ipv6, local, autojoin, encapsulated_nexthop, changed, v6_peer),
)
bridge = st.sampled_from(
    (
        *((), (), (), ("link add br0 type bridge",)),
        ("link add br0 type bridge forward_delay 0 mcast_snooping 0", "link set br0 up"),
        (
            "link add vm0 addrgenmode none type veth peer name vm1 addrgenmode none",
            "link add br0 address 02:00:00:00:00:77 addrgenmode none type bridge ageing_time 900",
            *("link set vm0 master br0", "link set vm0 up", "link set vm1 up", "link set br0 up"),
        ),
    )
)
"""A bridge that is there already, or none."""
sysctl = st.tuples(
    one(
        *("ipv4/conf/eth0/rp_filter", "ipv4/conf/eth0/arp_ignore", "ipv4/conf/eth0/arp_announce"),
        *("ipv4/conf/eth0/proxy_arp", "ipv4/conf/eth0/forwarding", "ipv4/conf/eth0/arp_filter"),
        *("ipv6/conf/eth0/accept_ra", "ipv6/conf/eth0/forwarding", "ipv6/conf/eth0/autoconf"),
        *("ipv4/conf/eth0/send_redirects", "ipv6/conf/eth0/use_tempaddr"),
        *("ipv4/neigh/eth0/app_solicit", "ipv6/neigh/eth0/mcast_solicit"),
        *("ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter"),
    ),
    one("0", "1", "2"),
)
states = st.lists(line, min_size=1, max_size=25)
sysctls = st.lists(sysctl, max_size=4)
