"""The commands of hooks: which link they concern, and how a line is divided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgekit.persistence.ifupdown.commands import shell
from bridgekit.persistence.ifupdown.commands.network_command import NetworkCommand
from bridgekit.persistence.ifupdown.commands.placement import Divided, Links, divide, place
from bridgekit.persistence.ifupdown.commands.reader import read_command
from bridgekit.persistence.ifupdown.interfaces.document import Option

TOWARDS = {"192.0.2.1": "br0", "172.31.0.2": "eth1", "2001:db8::1": "br0", "192.0.2.9": "br0"}
LINKS = Links(frozenset({"eth0", "enp3s0", "br0"}), TOWARDS.get)

OF_THE_BRIDGE = [
    "ip address add 192.0.2.4/24 dev eth0",
    "/sbin/ip addr add 192.0.2.4/24 brd + dev $IFACE label ${IFACE}:1",
    "ip a a 192.0.2.4/24 dev enp3s0",
    "ip -4 addr add 192.0.2.4/24 dev eth0 || true",
    "ip -f inet6 address add 2001:db8::4/64 dev eth0",
    "ip -family inet6 route add 2001:db8:2::ff dev eth0",
    "ip -6 r a default via 2001:db8::1",
    'ip route add 10.0.0.0/8 via 192.0.2.1 dev "$IFACE" > /dev/null 2>&1 || :',
    "ip route add default via inet 192.0.2.1",
    "ip route replace default via 192.0.2.1 table 100",
    "ip ro add to unicast 10.0.0.0/8 via 192.0.2.1",
    "ip route del 192.0.2.0/24 dev eth0",
    "ip rule add iif eth0 lookup 100",
    "ip neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0",
    "ip maddress add 33:33:00:00:00:09 dev eth0",
    "bridge fdb add 02:00:00:00:00:09 dev eth0 self",
    "route add -net 10.0.0.0 netmask 255.0.0.0 gw 192.0.2.1 dev eth0",
    "route add -net 172.16.0.0/12 gw 192.0.2.1",
    "route add default gw 192.0.2.1 eth0",
    "/sbin/route -A inet6 add default gw 2001:db8::1 dev eth0",
    "route add -host 10.1.1.1 eth0",
    "route del default gw 192.0.2.1",
    "ifconfig eth0:1 192.0.2.11 netmask 255.255.255.0 up",
    "ifconfig eth0 inet6 add 2001:db8::4/64",
    "ifconfig $IFACE 192.0.2.4/24",
    "arp -s 192.0.2.9 02:00:00:00:00:09",
    "arp -i eth0 -s 192.0.2.8 02:00:00:00:00:08",
    "sudo ip route add 10.0.0.0/8 dev eth0",
    "LANG=C ip route add 10.0.0.0/8 dev eth0",
    "[ -x /sbin/ip ] && ip route add 10.0.0.0/8 dev eth0",
    "sleep 2; ip route add 10.0.0.0/8 via 192.0.2.1",
    "ip route add 10.0.0.0/8 dev eth0 && ip route add 172.16.0.0/12 dev eth0",
]
OF_THE_NIC = [
    "ethtool -K $IFACE tso off gso off",
    "logger x && ethtool -K eth0 tso off",
    "ip link set eth0 txqueuelen 500",
    "ip link set dev $IFACE mtu 9000 up",
    "ifconfig eth0 mtu 9000 up",
    "ifconfig eth1 10.0.0.1",
    "ip route add 10.50.0.0/16 via 172.31.0.2",
    "ip route add 10.50.0.0/16 dev eth1",
    "ip route add blackhole 10.0.0.0/8",
    "ip rule add iif lo lookup 100",
    "ip rule add from 192.0.2.4 table 100 priority 700",
    "ip address add 10.0.0.1/32 dev lo",
    "ip -n other route add 10.0.0.0/8 dev eth0",
    "ip addrlabel add prefix 2001:db8::/32 label 99",
    "ip route show dev eth0",
    "bridge link set dev eth0 cost 4",
    "route add -net 10.0.0.0/8 reject",
    "tc qdisc add dev eth0 root fq",
    "sysctl -w net.ipv4.conf.$IFACE.rp_filter=0",
    "echo 1 > /proc/sys/net/ipv4/conf/eth0/proxy_arp",
    "for n in a b; do logger $n eth0; done",
    "iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
    "echo 'ip route add 10.0.0.0/8 dev eth0'",
    "",
]
OF_NEITHER = [
    "ip addr add 192.0.2.4/24 dev eth0 || logger failed",
    "for n in 1 2; do ip addr add 192.0.2.$n/24 dev $IFACE; done",
    "if true; then route add default gw 192.0.2.1; fi",
    "(ip route add 10.0.0.0/8 dev eth0)",
    "ip route add 10.0.0.0/8 dev eth0 &",
    "ip route add $(cat /etc/net) dev eth0",
    'sh -c "ip route add 10.0.0.0/8 dev eth0"' + " | logger",
    "dhclient eth0",
    "udhcpc -b -i $IFACE",
    "ethtool -K eth0 tso off; dhcpcd eth0",
]
MIXED = {
    "logger x && ip route add 10.0.0.0/8 dev eth0": (
        "logger x",
        "ip route add 10.0.0.0/8 dev eth0",
    ),
    "ip route add 10.0.0.0/8 dev eth0; echo > /run/m": (
        "echo > /run/m",
        "ip route add 10.0.0.0/8 dev eth0",
    ),
    "a; ip addr add 192.0.2.4/24 dev eth0 && b 'x; y' || true": (
        "a && b 'x; y' || true",
        "ip addr add 192.0.2.4/24 dev eth0 || true",
    ),
}


@pytest.mark.parametrize("line", OF_THE_BRIDGE)
def test_what_the_bridges_state_shows(line: str) -> None:
    assert divide(line, LINKS) == Divided("", line)


@pytest.mark.parametrize("line", OF_THE_NIC)
def test_what_stays_the_nics(line: str) -> None:
    assert divide(line, LINKS) == Divided(line, "")


@pytest.mark.parametrize("line", OF_NEITHER)
def test_what_cannot_be_divided(line: str) -> None:
    assert divide(line, LINKS) is None


@pytest.mark.parametrize("line", MIXED)
def test_commands_in_a_row_are_divided(line: str) -> None:
    assert divide(line, LINKS) == Divided(*MIXED[line])


def test_options_are_placed() -> None:
    route = Option("up", "ip route add 10.0.0.0/8 dev eth0")
    wake, tune, both = (
        Option("ethernet-wol", "g"),
        Option("up", "ethtool x"),
        Option("up", "(ifconfig eth0 10.1.1.1)"),
    )
    placed = place((wake, route, tune, both), LINKS)
    assert (placed.nic, placed.bridge, placed.undivided) == ((wake, tune), (route,), (both,))


def test_variables_of_others_are_not_ours() -> None:
    """In another interface's stanza `$IFACE` is that one."""
    links = Links(LINKS.own, LINKS.towards, own_variable=False)
    line = "ip route add 10.0.0.0/8 dev $IFACE"
    assert divide(line, links) == Divided(line, "")
    assert divide(line.replace("$IFACE", "eth0"), links) != Divided(line, "")


def read(line: str) -> NetworkCommand | None:
    return read_command(line.split())


def test_what_a_route_names() -> None:
    change = read_command(
        ["ip", "-4", "route", "add", "10.0.0.0/8", "via", "192.0.2.1", "dev", "eth0", "metric", "5"]
    )
    assert change and (change.destination, change.gateway) == ("10.0.0.0/8", "192.0.2.1")
    assert (change.links, change.adds) == (("eth0",), True)
    change = read_command(
        ["route", "del", "-net", "10.0.0.0", "netmask", "255.0.0.0", "gw", "192.0.2.1", "eth0"]
    )
    assert change and (change.destination, change.adds) == ("10.0.0.0/255.0.0.0", False)


@given(st.text(alphabet=" ab'\"\\&|;<>()`$\n{}12", max_size=30))
def test_any_line_is_read(line: str) -> None:
    commands = shell.parse_list(line)
    assert commands is None or all(command.text for command in commands)
    shell.fragments(line)
    parts = divide(line, LINKS)
    assert parts == Divided(line, "")
