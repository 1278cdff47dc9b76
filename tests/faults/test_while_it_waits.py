"""Somebody changes the host while a verified change waits, and then its time is up."""

import json
import re

import pytest

from bridgekit.lab.topology import Lab
from tests.support.programs import program
from tests.support.state import state

WAIT = ("apply", "eth0", "--yes", "--confirm-within", "600")
SHARED = "10.77.0.0/24"
MULTIPATH = f"route add {SHARED} nexthop via 192.168.1.1 dev eth0 nexthop via 192.168.2.1 dev eth1"


def rolled_back(lab: Lab) -> tuple[int, str]:
    """Roll the change back; return the exit code and the output."""
    done = lab.bridgekit("rollback")
    return done.code, done.stdout + done.stderr


def test_the_bridge_is_deleted(lab: Lab) -> None:
    """The routes with legs on another NIC lose ours, and have them again."""
    lab.ip("host", MULTIPATH)
    before = state(lab)
    assert lab.bridgekit(*WAIT).code == 0
    lab.ip("host", "link delete br0")
    code, output = rolled_back(lab)
    assert code == 0, output
    found = before.difference(state(lab))
    assert [line for line in found if "fe80::/64" not in line] == []


def test_the_other_nic_is_down(lab: Lab) -> None:
    """No leg can be made over it; all else comes back, however many routes there are."""
    many = [f"route add 10.{n // 200 + 100}.{n % 200}.0/24 via 192.168.1.1" for n in range(1000)]
    lab.run("host", "ip", "-batch", "-", stdin="\n".join(many))
    lab.ip("host", MULTIPATH)
    before = state(lab)
    assert lab.bridgekit(*WAIT).code == 0
    lab.ip("host", "link set eth1 down")
    code, output = rolled_back(lab)
    assert code == 5 and SHARED in output
    lost = [line for line in before.about('"eth0"').lines if line not in state(lab).lines]
    of_both = [
        line for line in lost if '"eth1"' in line or "nexthops" in line or "linkdown" in line
    ]
    assert sorted(lost) == sorted(of_both)
    routes = lab.run("host", "ip", "route").stdout
    assert routes.count("via 192.168.1.1 dev eth0") > 1000
    assert f"{SHARED} via 192.168.1.1 dev eth0" in routes


def test_another_leg_joins(lab: Lab) -> None:
    """A leg of someone else's beside ours is theirs; both are there afterwards."""
    before = state(lab)
    assert lab.bridgekit(*WAIT).code == 0
    lab.ip("host", "-6 route append 2001:db8:98::/48 via 2001:db8:2::1 dev eth1 metric 70")
    code, output = rolled_back(lab)
    assert code == 0, output
    legs = lab.run("host", "ip", "-6", "route", "show", "2001:db8:98::/48").stdout
    assert "dev eth0" in legs and "dev eth1" in legs
    found = [line for line in before.difference(state(lab)) if "fe80::/64" not in line]
    assert all("2001:db8:98::/48" in line for line in found)


def test_the_nic_gets_another_name(lab: Lab) -> None:
    """The bridge carries everything over it: it must not go before the NIC is found."""
    before = state(lab)
    assert lab.bridgekit(*WAIT).code == 0
    lab.ip("host", "link set eth0 name lan0")
    code, output = rolled_back(lab)
    assert code == 5 and "eth0 is called lan0 now" in output
    lab.run("host", "ping", "-q", "-c", "1", "192.168.1.1")
    lab.ip("host", "link set lan0 name eth0")
    assert lab.bridgekit("recover").code == 0
    assert [x for x in before.difference(state(lab)) if "fe80::/64" not in x] == []


def test_what_others_gave_the_bridge_is_reported(lab: Lab) -> None:
    assert lab.bridgekit(*WAIT).code == 0
    lab.ip("host", "address add 10.44.0.1/24 dev br0", "route add 10.46.0.0/24 via 192.168.1.1")
    code, output = rolled_back(lab)
    assert code == 0
    for one in ("address 10.44.0.1/24", "route 10.46.0.0/24 via 192.168.1.1"):
        assert re.search(rf"gone with br0: {re.escape(one)}", output), output


@pytest.mark.parametrize("entry", ["nud noarp lladdr 02:00:00:00:00:52", "managed"])
def test_neighbours_that_stay(lab: Lab, entry: str) -> None:
    """Entries that last without being permanent move and come back."""
    lab.ip("host", f"neighbour add 192.168.1.52 dev eth0 {entry}")
    before = neighbour(lab, "eth0")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert neighbour(lab, "br0") == before
    assert lab.bridgekit("rollback").code == 0
    assert neighbour(lab, "eth0") == before


def neighbour(lab: Lab, link: str) -> list[object]:
    """What is not of the moment about the entry."""
    argv = ("ip", "-j", "neighbour", "show", "192.168.1.52", "dev", link, "nud", "all")
    entries = json.loads(lab.run("host", *argv).stdout)
    return [(e.get("lladdr"), "NOARP" in e["state"], "managed" in str(e)) for e in entries]


def test_a_guard_that_is_gone_is_reported(lab: Lab) -> None:
    assert lab.bridgekit(*WAIT).code == 0
    lab.run("host", *program("guards", "kill"), check=False)
    assert "without a guard: `bridgekit recover`" in lab.bridgekit("status").stdout
    assert json.loads(lab.bridgekit("recover", "--json").stdout)["message"].count("was rolled back")
