"""The lines of a stanza on their way to the bridge's: what is written boots, by the real ifup."""

import json
import os
import re
from collections.abc import Callable

import pytest

from bridgekit.lab import ifup, layout
from bridgekit.lab.topology import Lab

MakeLab = Callable[..., Lab]

LOOPBACK = "auto lo\niface lo inet loopback\n\n"
STANZA = "auto eth0\niface eth0 inet static\n  address 192.168.1.4/24\n  gateway 192.168.1.1\n"
FILE = LOOPBACK + STANZA
ALIAS = "auto eth0:1\niface eth0:1 inet static\n  address 192.168.1.5/24\n"
LIVE, FOLLOWED = (), ("--persist", "file")
QUEUE = "  pre-up ip link set {} txqueuelen 500\n"
CASES = {
    "mtu, followed": (FILE + "  mtu 1400\n", FOLLOWED),
    "the alias first, followed": (LOOPBACK + ALIAS + STANZA, FOLLOWED),
    "$IFACE before it is up": (FILE + QUEUE.format("$IFACE"), LIVE),
    "$IFACE before it is up, followed": (FILE + QUEUE.format("$IFACE"), FOLLOWED),
    "the name before it is up, followed": (FILE + QUEUE.format("eth0"), FOLLOWED),
    "another link's address": (FILE + "  up ip address add 10.77.0.1/32 dev lo\n", LIVE),
    "a route and more": (
        FILE + "  up ip route add 10.61.0.0/16 via 192.168.1.1; echo > /run/m\n",
        LIVE,
    ),
    "a rule and more": (
        FILE + "  up ip rule add iif $IFACE lookup 100 prio 7 && echo > /run/m\n",
        LIVE,
    ),
    "an address by its label": (
        FILE + "  up ifconfig eth0:1 192.168.1.5 netmask 255.255.255.0\n",
        LIVE,
    ),
    "routes in one line": (
        FILE + "  up ip route add 10.61.0.0/16 via 192.168.1.1 dev eth0 && "
        "ip route add 10.62.0.0/16 via 192.168.1.1 dev eth0\n",
        LIVE,
    ),
    "routes of net-tools": (
        FILE + "  up route add -net 10.61.0.0 netmask 255.255.0.0 gw 192.168.1.1 dev eth0\n"
        "  up route add -net 10.62.0.0/16 gw 192.168.1.1\n",
        LIVE,
    ),
    "routes of net-tools, followed": (
        FILE + "  up route add -net 10.61.0.0 netmask 255.255.0.0 gw 192.168.1.1 dev eth0\n",
        FOLLOWED,
    ),
    "the subnet by the router first": (
        FILE + "  up ip route prepend 192.168.1.0/24 via 192.168.1.1 dev $IFACE\n",
        LIVE,
    ),
    "IPv6 by another spelling": (
        FILE + "iface eth0 inet6 static\n  address 2001:db8:1::1/128\n  dad-attempts 0\n"
        "  up ip -family inet6 route add 2001:db8:2::ff dev eth0\n"
        "  up ip -f inet6 route add default via 2001:db8:2::ff\n",
        LIVE,
    ),
    "an address that may fail": (FILE + "  up ip addr add 10.1.0.4/16 dev $IFACE || true\n", LIVE),
}


def seen(lab: Lab, link: str) -> list[str]:
    """The IPv4 addresses of the link and of lo, the routes, and how long the NIC's queue is."""
    lines = []
    for name in (link, "lo"):
        shown = json.loads(lab.run("host", "ip", "-4", "-j", "address", "show", name).stdout)
        lines += [one["local"] for entry in shown for one in entry["addr_info"]]
    nic = json.loads(lab.run("host", "ip", "-j", "link", "show", "eth0").stdout)[0]
    shown = lab.run("host", "ip", "-4", "route").stdout.splitlines()
    routes = ["; ".join(re.sub(r" linkdown| src \S+", "", line).strip() for line in shown)]
    shown = lab.run("host", "ip", "-6", "route").stdout.splitlines()
    routes += [re.sub(r" linkdown| pref medium| onlink", "", line).strip() for line in shown]
    rules = lab.run("host", "ip", "rule").stdout.splitlines()
    marks = lab.run("host", "ls", "/run").stdout.split()
    return [*sorted([*lines, *routes, *rules]), str(nic["txqlen"]), str("m" in marks)]


@pytest.mark.parametrize("name", CASES)
def test_the_file_alone_makes_the_live_state(make_lab: MakeLab, name: str) -> None:
    file, options = CASES[name]
    lab = make_lab(host=(), interfaces=file)
    lab.run("host", "ifup", "-a")
    lab.hosts["host"].settle()
    done = lab.bridgekit("apply", "eth0", "--yes", *options)
    assert done.code == 0, done
    with Lab(f"boot{os.getpid()}", host=(), interfaces=lab.read_interfaces()) as booted:
        booted.run("host", "ifup", "-a")
        assert seen(booted, "br0") == seen(lab, "br0")
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == file


UNDIVIDED = (
    "ip addr add 10.1.0.4/16 dev eth0 || logger failed",
    "for n in 1 2; do ip addr add 10.1.0.$n/16 dev $IFACE; done",
    "ip -family inet6 route add 2001:db8::/48 dev eth0 | logger",
    "dhclient -6 eth0",
)


@pytest.mark.parametrize("line", UNDIVIDED)
def test_what_cannot_be_divided_is_refused(make_lab: MakeLab, line: str) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=f"{FILE}  up {line}\n")
    result = lab.bridgekit("apply", "eth0", "--yes")
    assert result.code == 3 and f"and does more: up {line}" in result.stderr, result


ASKED = f"{FILE}\niface eth0 inet6 auto\n  dhcp 1\n  accept_ra 1\n"


def test_how_a_router_is_asked_stays_where_it_is(make_lab: MakeLab) -> None:
    lab = make_lab(
        host=(
            *layout.SIMPLE,
            "address add 2001:db8::9/64 dev eth0 valid_lft 900 preferred_lft 900",
        ),
        interfaces=ASKED,
    )
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    text = lab.read_interfaces()
    assert "iface br0 inet6 auto\n      dhcp 1\n      accept_ra 1\n" in text
    assert text.count(" dhcp 1") - text.count("#bridgekit#   dhcp 1") == 1


def test_a_bridge_keeps_its_own_options_when_the_file_is_followed(make_lab: MakeLab) -> None:
    own = "\nauto br0\niface br0 inet manual\n  bridge_ports none\n  bridge_maxwait 0\n  up true\n"
    lab = make_lab(host=(*layout.SIMPLE, "link add br0 type bridge"), interfaces=FILE + own)
    assert lab.bridgekit("apply", "eth0", "--yes", *FOLLOWED).code == 0
    stanza = lab.read_interfaces().partition("iface br0 inet static")[2]
    assert "bridge_maxwait 0" in stanza and "up true" in stanza


def test_an_alias_that_is_not_up_is_not_taken_to_be(make_lab: MakeLab) -> None:
    alias = ALIAS.replace("auto eth0:1\n", "")
    lab = make_lab(host=(), interfaces=FILE + alias)
    lab.run("host", "ifup", "-a")
    before = lab.run("host", "ifquery", "--state").stdout
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.bridgekit("rollback").code == 0
    assert sorted(lab.run("host", "ifquery", "--state").stdout.split()) == sorted(before.split())


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"br0=br0"', '"eth1=eth1"', 3),
        ('"flavour":"classic"', '"flavour":"x"', 2),
    ],
)
def test_a_plan_says_nothing_else_of_its_files(
    make_lab: MakeLab, old: str, new: str, code: int
) -> None:
    """It may have been written by someone else."""
    lab = make_lab(host=layout.SIMPLE, interfaces=FILE)
    assert lab.bridgekit("plan", "eth0", "--out", "/run/plan").code == 0
    text = lab.run("host", "cat", "/run/plan").stdout
    assert old in text
    lab.run("host", "tee", "/run/other", stdin=text.replace(old, new))
    assert lab.bridgekit("apply", "--plan", "/run/other", "--yes").code == code
    assert lab.bridgekit("apply", "--plan", "/run/plan", "--yes").code == 0


def test_an_mtu_in_the_words_of_ifupdown2(make_lab: MakeLab) -> None:
    """It warns of one, and counts a warning as a failure."""
    lab = make_lab(host=(*layout.SIMPLE, "link set eth0 mtu 1400"), interfaces=FILE)
    ifup.install(lab, "ifupdown2")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    booted, said = ifup.boot(f"boot{os.getpid()}", lab.read_interfaces(), dialect="ifupdown2")
    links = [line for line in booted.lines if line.startswith("link") and '"br0"' in line]
    assert any('"mtu": 1400' in line for line in links), said


@pytest.mark.parametrize(
    ("dialect", "line", "mtu"), [("classic", "", 1500), ("ifupdown-ng", "  mtu 1300\n", 1300)]
)
def test_the_mtu_of_the_file_is_followed(
    make_lab: MakeLab, dialect: str, line: str, mtu: int
) -> None:
    """By the port, too; and a file that says none leaves it to the NIC."""
    lab = make_lab(host=(*layout.SIMPLE, "link set eth0 mtu 1400"), interfaces=FILE + line)
    assert lab.bridgekit("apply", "eth0", "--yes", "--dialect", dialect, *FOLLOWED).code == 0
    name, text = f"boot{os.getpid()}", lab.read_interfaces()
    booted, said = ifup.boot(name, text, dialect=dialect, checked=False)
    links = [line for line in booted.lines if line.startswith("link")]
    for link in ("br0", "eth0"):
        (shown,) = (line for line in links if f'"ifname": "{link}"' in line)
        assert f'"mtu": {mtu}' in shown, said


@pytest.mark.parametrize("options", [(), FOLLOWED])
def test_names_that_a_shell_would_not_take_are_refused(
    make_lab: MakeLab, options: tuple[str, ...]
) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=FILE)
    assert lab.bridgekit("plan", "eth0", "--bridge", "a;id", *options).code == 2


def test_a_file_is_written_or_it_is_not(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=FILE)
    assert lab.bridgekit("plan", "eth0", *FOLLOWED, "--no-persist").code == 2
