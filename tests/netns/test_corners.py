"""States that went wrong once, and that random ones meet seldom or never."""

import json
from collections.abc import Callable

import pytest

from bridgekit.lab import layout, state_dump
from bridgekit.lab.topology import Lab
from tests.support.state import settled_state

CONNECTED = "route replace 192.168.1.0/24 dev eth0 proto kernel scope link"
MOVE = {
    "connected route with metrics": (f"{CONNECTED} src 192.168.1.4 initcwnd 20 mtu 1300",),
    "connected route from a secondary": (f"{CONNECTED} src 192.168.1.5",),
    "connected route without a source": (CONNECTED,),
    "IPv6 peer in a network": (
        "-6 address add 2001:db8:6::9 peer 2001:db8:7::a/64 dev eth0 nodad",
    ),
    "odd IPv4 networks": ("address add 0.0.0.5/8 dev eth0", "address add 10.9.9.9/0 dev eth0"),
    "a router whose network is gone": (
        "route add 10.66.0.0/16 via 192.168.7.1 dev eth0 onlink",
        "address add 192.168.8.4/24 dev eth0",
        "route add 10.67.0.0/16 via 192.168.8.1 dev eth0",
        "address del 192.168.8.4/24 dev eth0",
    ),
    "competing routes in between": (
        "route add 10.61.0.0/16 via 192.168.2.1 dev eth1",
        "route append 10.61.0.0/16 via 192.168.1.1 dev eth0",
        "route append 10.61.0.0/16 dev eth1 scope link",
    ),
}


@pytest.mark.all
@pytest.mark.parametrize("name", MOVE)
def test_it_moves_and_returns(lab: Lab, name: str) -> None:
    lab.ip("host", *MOVE[name])
    before = settled_state(lab)
    done = lab.bridgekit("apply", "eth0", "--yes", "--no-persist")
    assert done.code == 0, done.stderr
    ours = [line for line in before.about('"eth0"').lines if line.startswith("route")]
    wanted = sorted(line.replace('"eth0"', '"br0"') for line in ours if "ff00::/8" not in line)
    found = settled_state(lab).about('"br0"').lines
    assert wanted == sorted(x for x in found if x.split()[0] in KINDS and "ff00::/8" not in x)
    back = lab.bridgekit("rollback")
    assert back.code == 0, back.stderr
    assert before.difference(settled_state(lab)) == []


KINDS = ("route", "route6")
REFUSED = {
    "local-route-removed": ("route del broadcast 192.168.1.255 dev eth0 table local",),
    "bridge-in-use": (
        "link add br0 type bridge",
        "link set br0 up",
        "address add 169.254.7.7/16 scope link dev br0",
    ),
}


@pytest.mark.parametrize("code", REFUSED)
def test_it_is_refused(lab: Lab, code: str) -> None:
    lab.ip("host", *REFUSED[code])
    before = settled_state(lab)
    result = lab.bridgekit("plan", "eth0", "--json")
    assert result.code == 3, result
    assert code in [found["code"] for found in json.loads(result.stdout)["findings"]]
    assert before.difference(settled_state(lab)) == []


OTHER_MAC = (
    *layout.UP,
    "link add br0 address 02:00:00:00:00:21 type bridge forward_delay 0",
    "link set eth0 master br0",
    "link set br0 up",
    "address add 192.168.1.4/24 brd + dev br0",
)


def test_a_port_keeps_what_is_its_own(make_lab: Callable[..., Lab]) -> None:
    """A foreign bridge with a MAC address of its own, whose port has its link-local address."""
    lab = make_lab(host=OTHER_MAC)
    own = "fe80::5054:ff:feb1:4"
    assert own in lab.run("host", "ip", "address", "show", "eth0").stdout
    back = lab.bridgekit("rollback", "--bridge", "br0")
    assert back.code == 0 and "[mac-changes]" not in back.stdout, back.stderr
    shown = lab.run("host", "ip", "address", "show", "eth0").stdout
    assert all(ip in shown for ip in (own, "fe80::ff:fe00:21", "192.168.1.4/24"))


def test_ipv6_switched_off_on_the_port_meanwhile(lab: Lab) -> None:
    before = settled_state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    lab.hosts["host"].sysctl("net.ipv6.conf.eth0.disable_ipv6", "1")
    back = lab.bridgekit("rollback")
    assert back.code == 0, back.stderr
    assert before.difference(settled_state(lab)) == []


def test_ipv6_switched_off_on_the_bridge_meanwhile(lab: Lab) -> None:
    before = settled_state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    lab.hosts["host"].sysctl("net.ipv6.conf.br0.disable_ipv6", "1")
    refused = lab.bridgekit("rollback")
    assert refused.code == 3 and "disable_ipv6" in refused.stderr, refused
    for link in ("eth0", "br0"):
        lab.hosts["host"].sysctl(f"net.ipv6.conf.{link}.disable_ipv6", "0")
    assert lab.bridgekit("rollback").code == 0
    ipv4 = [line for line in before.lines if "." in line and line.startswith(("address", "route "))]
    assert set(ipv4) <= set(settled_state(lab).lines)


def test_recover_ends_when_a_link_is_gone(lab: Lab) -> None:
    """What was on that link is gone with it and is not restored; other links lose nothing."""
    before = state_dump.dump(lab.hosts["host"])
    done = lab.bridgekit("apply", "eth0", "--yes", "--confirm-within", "60", "--no-persist")
    assert done.code == 0, done.stderr
    lab.ip("host", "link set eth0 nomaster", "link delete br0")
    back = lab.bridgekit("rollback")
    assert back.code in (0, 5) and "could not do" not in back.stderr, back
    others = [x for x in before.lines if '"eth1"' in x and '"eth0"' not in x]
    assert set(others) <= set(settled_state(lab).lines)


def test_a_dead_leg_is_refused(lab: Lab) -> None:
    lab.ip(
        "host",
        "address add 192.168.2.8/24 dev eth0",
        "route add 10.68.0.0/16 nexthop via 192.168.1.1 dev eth0 nexthop via 192.168.2.1 dev eth1",
        "address flush dev eth0 scope global",
    )
    before = settled_state(lab)
    assert '"dead"' in "".join(before.about("10.68.0.0").lines)
    refused = lab.bridgekit("plan", "eth0")
    assert refused.code == 3 and "dead nexthop" in refused.stderr, refused
    assert before.difference(settled_state(lab)) == []


RULES = (
    "rule add not from 10.1.0.0/16 iif eth0 fwmark 7/15 lookup 77 priority 500",
    "rule add oif eth0 tos 0x10 lookup 100 suppress_prefixlength 0 priority 501",
    "rule add iif eth0 ipproto tcp dport 80-90 sport 5 lookup 100 priority 502",
    "rule add iif eth0 uidrange 0-100 blackhole priority 503",
    "rule add iif eth0 goto 32766 priority 504",
    "rule add to 10.0.0.0/8 oif eth0 fwmark 9 prohibit priority 505",
    "-6 rule add from 2001:db8::/32 iif eth0 lookup main priority 506",
    "rule add iif eth0 tun_id 5 lookup 100 suppress_ifgroup 3 priority 507",
)


def test_the_words_of_a_rule_make_it_again(lab: Lab) -> None:
    """What the file says at boot must be the rule that was there."""
    lab.ip("host", *RULES)
    shown = lab.bridgekit("snapshot", "eth0", "--json").stdout
    before = state_dump.dump(lab.hosts["host"])
    lab.ip("host", *(f"{'-6 ' if '-6' in line else ''}rule del {line[-12:]}" for line in RULES))
    words = json.loads(shown)["rules"]
    assert len(words) == len(RULES)
    lab.ip("host", *(f"{'-6 ' if '::' in text else ''}rule add {text}" for text in words))
    assert before.difference(state_dump.dump(lab.hosts["host"])) == []
