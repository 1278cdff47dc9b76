"""ifupdown goes on with what it finds: the files are proven by it, and it knows what is up."""

import json
import os
from collections.abc import Callable

import pytest

from bridgekit.lab import ifup, layout, state_dump
from bridgekit.lab.topology import Lab

MakeLab = Callable[..., Lab]

LOOPBACK = "auto lo\niface lo inet loopback\n\n"
FILE = f"""{LOOPBACK}auto eth0
iface eth0 inet static
  address 192.168.1.4/24
  gateway 192.168.1.1
  up ip rule add iif eth0 lookup 100 priority 500
  down ip rule delete iif eth0 lookup 100 priority 500
"""
ALIAS = f"""{LOOPBACK}auto eth0=home eth0:1
iface home inet static
  address 192.168.1.4/24
  gateway 192.168.1.1
iface eth0:1 inet static
  address 192.168.1.5/24
"""
VLAN = f"{FILE}iface eth0.5 inet manual\n"
SOURCED = f"source /etc/network/interfaces.d/*\n{FILE}"
NEEDS_AN_ADDRESS = "iface br0 inet static\n"


def running(lab: Lab) -> list[str]:
    """What ifupdown takes to be up, as it tells itself."""
    return sorted(lab.run("host", "ifquery", "--state").stdout.split())


def state(lab: Lab) -> list[str]:
    """Addresses, routes and rules, without the numbers that a new bridge gets."""
    found = state_dump.dump(lab.hosts["host"], files=False, sysctls=False).lines
    kinds = ("address", "route", "route6", "rule", "rule6")
    return sorted(line for line in found if line.split()[0] in kinds)


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        (FILE, ["eth0=eth0", "lo=lo"], ["br0=br0", "eth0=eth0", "lo=lo"]),
        (ALIAS, ["eth0:1=eth0:1", "eth0=home", "lo=lo"], ["br0=br0", "eth0=eth0", "lo=lo"]),
        (VLAN, ["eth0=eth0", "lo=lo"], ["br0=br0", "eth0=eth0", "lo=lo"]),
    ],
    ids=["plain", "alias", "name needed"],
)
def test_ifupdown_knows_what_is_up(
    make_lab: MakeLab, file: str, before: list[str], after: list[str]
) -> None:
    """And so it can take the bridge down and up again, and all of it as at a restart."""
    lab = make_lab(host=(), interfaces=file)
    lab.run("host", "ifup", "-a")
    lab.hosts["host"].settle()
    begun = state(lab)
    assert running(lab) == before
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert running(lab) == after
    bridged = state(lab)
    again(lab, "br0")
    assert state(lab) == bridged
    again(lab, "-a", "--exclude=lo")
    assert state(lab) == bridged and running(lab) == after
    assert lab.bridgekit("rollback").code == 0
    assert running(lab) == before and state(lab) == begun
    again(lab, "-a", "--exclude=lo")
    assert running(lab) == before and state(lab) == begun


def again(lab: Lab, *words: str) -> None:
    """Take it down and bring it up."""
    lab.run("host", "ifdown", *words)
    lab.run("host", "ifup", *words)
    lab.hosts["host"].settle()


def test_a_file_that_ifup_does_not_take_is_refused(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=f"{FILE}iface eth9 inet\n")
    plan = lab.bridgekit("plan", "eth0", "--json")
    result = {one["code"]: one["message"] for one in json.loads(plan.stdout)["findings"]}
    assert plan.code == 3 and "line 10" in result["file-not-taken"], plan
    assert lab.bridgekit("plan", "eth0", "--no-persist").code == 0


def test_what_ifup_no_longer_takes_is_rolled_back(make_lab: MakeLab) -> None:
    """Another file spoils the bridge's stanza while the change waits."""
    lab = make_lab(host=layout.SIMPLE, interfaces=SOURCED)
    begun = state_dump.dump(lab.hosts["host"])
    waiting = lab.bridgekit("apply", "eth0", "--yes", "--confirm-within", "600")
    assert waiting.code == 0, waiting
    lab.write_interfaces(NEEDS_AN_ADDRESS, "interfaces.d/spoiled")
    result = lab.bridgekit("confirm")
    assert result.code == 4 and "ifup does not take the new" in result.stderr, result
    lab.run("host", "rm", "/etc/network/interfaces.d/spoiled")
    assert begun.difference(state_dump.dump(lab.hosts["host"])) == []


ODD = (
    *layout.SIMPLE,
    "address add 10.44.0.4 peer 10.44.0.5/32 dev eth0",
    "route add 10.61.0.0/16 dev eth1 scope link",
    "route append 10.61.0.0/16 via 192.168.1.1 dev eth0",
    "neighbour add 192.168.1.91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
    "rule add iif eth0 lookup 100 priority 500",
    "rule add oif eth0 lookup 101 priority 500",
    "-6 rule add iif eth0 lookup 100 priority 500",
    "maddress add 01:00:5e:00:00:77 dev eth0",
)


def test_every_line_is_good_for_a_second_time(make_lab: MakeLab) -> None:
    lab = make_lab(host=ODD, interfaces=FILE)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    live = state(lab)
    lines = [
        line.split(maxsplit=1) for line in lab.run("host", "ifquery", "br0").stdout.split("\n")
    ]
    commands = [line[1] for line in lines if line and line[0] == "up:"]
    assert len(commands) > 6
    for _ in range(2):
        for command in commands:
            lab.run("host", "sh", "-e", "-c", command)
        assert state(lab) == live
    for _ in range(2):
        for line in (line for line in lines if line and line[0] == "down:"):
            lab.run("host", "sh", "-e", "-c", line[1])


def differences(lab: Lab) -> list[str]:
    result = lab.bridgekit("interfaces", "--check", "--json")
    found: list[str] = json.loads(result.stdout)["differences"]
    assert result.code == (10 if found else 0), result
    return found


def test_what_file_and_host_do_not_agree_on_is_reported(make_lab: MakeLab) -> None:
    lab = make_lab(host=(), interfaces=FILE)
    lab.run("host", "ifup", "-a")
    assert differences(lab) == []
    lab.ip("host", "address add 10.9.0.4/24 dev eth0", "link set eth0 mtu 1400")
    lab.write_interfaces(f"{FILE}  mtu 1500\niface eth0 inet6 static\n  address 2001:db8::4/64\n")
    expected = [
        "the file gives eth0 2001:db8::4/64, which it does not have",
        "eth0 has 10.9.0.4/24, which the file does not give it",
        "the file gives eth0 an MTU of 1500; it has 1400",
    ]
    assert differences(lab) == expected
    plan = json.loads(lab.bridgekit("plan", "eth0", "--json").stdout)
    result = [one["message"] for one in plan["findings"] if one["code"] == "file-differs"]
    assert result == expected
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert differences(lab) == []
    lab.ip("host", "route replace default via 192.168.1.9 dev br0")
    assert len(differences(lab)) == 2
    lab.ip(
        "host",
        "route add 10.61.0.0/16 via 192.168.1.9 dev br0",
        "rule add oif br0 lookup 101 priority 501",
        "rule delete iif br0 lookup 100 priority 500",
    )
    assert "br0 has a route to 10.61.0.0/16, which no line of the file makes" in differences(lab)
    assert any("has the rule priority 501" in one for one in differences(lab))
    lab.ip("host", "address delete 192.168.1.4/24 dev br0")
    assert "the file gives br0 192.168.1.4/24, which it does not have" in differences(lab)


FOLLOWED = f"""{LOOPBACK}auto eth0 eth0:1
iface eth0 inet static
  address 192.168.1.7
  netmask 255.255.255.0
  gateway 192.168.1.1
  up ip route add 10.61.0.0/16 via 192.168.1.1 dev eth0
  up echo up $IFACE eth0 > /run/names
iface eth0:1 inet static
  address 192.168.1.8/24
"""
SAID = {"192.168.1.7", "192.168.1.8"}


def test_a_route_of_the_file_that_is_not_there_is_reported(make_lab: MakeLab) -> None:
    lab = make_lab(host=(), interfaces=f"{FILE}  up ip -4 route add 10.61.0.0/16 via 192.168.1.1\n")
    lab.run("host", "ifup", "-a")
    assert differences(lab) == []
    lab.ip("host", "route delete 10.61.0.0/16")
    result = "a line of the file makes a route to 10.61.0.0/16, which is not there"
    assert differences(lab) == [result]


def test_the_file_can_be_followed_instead_of_the_host(make_lab: MakeLab) -> None:
    """The host keeps what it has until the next boot, which gives what the file says."""
    lab = make_lab(host=layout.SIMPLE, interfaces=FOLLOWED)
    result = lab.bridgekit("apply", "eth0", "--yes", "--persist", "file")
    assert result.code == 0 and "follows the file" in result.stderr, result
    assert addresses(lab, "br0") == {"192.168.1.4"}
    with Lab(f"boot{os.getpid()}", host=(), interfaces=lab.read_interfaces()) as booted:
        booted.run("host", "ifup", "-a")
        assert addresses(booted, "br0") == SAID and addresses(booted, "eth0") == set()
        assert "10.61.0.0/16 via 192.168.1.1 dev br0" in booted.run("host", "ip", "route").stdout
        assert booted.run("host", "cat", "/run/names").stdout == "up eth0 eth0\n"
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == FOLLOWED


def addresses(lab: Lab, link: str) -> set[str]:
    shown = json.loads(lab.run("host", "ip", "-4", "-j", "address", "show", link).stdout)
    return {one["local"] for entry in shown for one in entry["addr_info"]}


def test_a_file_that_says_nothing_cannot_be_followed(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=LOOPBACK)
    plan = lab.bridgekit("plan", "eth0", "--persist", "file")
    assert plan.code == 3 and "[file-silent]" in plan.stdout, plan
    assert lab.bridgekit("plan", "eth0").code == 0


def test_a_stanza_in_the_short_style(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE)
    lines = lab.bridgekit("interfaces", "eth0", "--style", "cidr").stdout.splitlines()
    assert [line.strip() for line in lines][2:5] == [
        "address 192.168.1.4/24",
        "gateway 192.168.1.1",
        "bridge_ports eth0",
    ]


def test_a_stanza_goes_into_a_file(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE)
    printed = lab.bridgekit("interfaces", "eth0").stdout
    assert lab.bridgekit("interfaces", "eth0", "--out", "/run/stanza").code == 0
    assert lab.run("host", "cat", "/run/stanza").stdout == printed


RESTARTED = {
    "ifupdown2": ("ifreload", "-a"),
    "ifupdown-ng": ("sh", "-c", "ifdown -a -X lo && ifup -a"),
}
"""What the unit networking.service of each does when it is restarted or reloaded."""


@pytest.mark.parametrize("dialect", RESTARTED)
def test_other_dialects_go_on_with_the_bridge(make_lab: MakeLab, dialect: str) -> None:
    file = f"{LOOPBACK}auto eth0\niface eth0\n  address 192.168.1.4/24\n  gateway 192.168.1.1\n"
    lab = make_lab(host=(), interfaces=file)
    ifup.install(lab, dialect)
    lab.run("host", "ifup", "-a", env=ifup.SYSTEM)
    lab.hosts["host"].settle()
    begun = state(lab)
    for verb in (("apply", "eth0", "--yes"), ("rollback",)):
        assert lab.bridgekit(*verb).code == 0
        live = state(lab)
        lab.run("host", *RESTARTED[dialect], env=ifup.SYSTEM)
        lab.hosts["host"].settle()
        assert state(lab) == live
    assert state(lab) == begun


@pytest.mark.parametrize("dialect", RESTARTED)
def test_other_dialects_are_asked(make_lab: MakeLab, dialect: str) -> None:
    """Each refuses something: a word without a value, and a file that is not there."""
    bad = "iface eth9\n  bridge-ports\n" if dialect == "ifupdown2" else "source /etc/none\n"
    lab = make_lab(host=layout.SIMPLE, interfaces=FILE + bad)
    ifup.install(lab, dialect)
    plan = lab.bridgekit("plan", "eth0", "--json")
    result = [one["code"] for one in json.loads(plan.stdout)["findings"]]
    assert plan.code == 3 and "file-not-taken" in result, plan
