"""Somebody changes the host while a verified change waits, and then its time is up."""

import json
import re

import pytest

from bridgekit.lab.state_dump import StateDump
from bridgekit.lab.topology import Lab
from tests.support.programs import program
from tests.support.state import RULES_AND_NEXTHOPS, settled_state, state

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


DOWN = [("br0",), ("eth0",), ("eth0", "br0")]


def lost(before: StateDump, lab: Lab) -> list[str]:
    """Return what is not as before but for orders that mean nothing.

    Those are of the routes that every link has, and of an IPv6 route's nexthops.
    """
    old, new = (StateDump(tuple(map(_line, dumped.lines))) for dumped in (before, state(lab)))
    return [line for line in old.difference(new) if "fe80::/64" not in line]


def _line(line: str) -> str:
    kind, _, text = line.partition(" ")
    if kind != "route6" or '"nexthops"' not in text:
        return line
    route = json.loads(text)
    route["nexthops"].sort(key=str)
    return f"{kind} {json.dumps(route)}"


@pytest.mark.parametrize("links", DOWN, ids=" ".join)
def test_the_nic_or_the_bridge_is_set_down(lab: Lab, links: tuple[str, ...]) -> None:
    """With a link its IPv6 addresses and all routes go: the rollback brings them back at last."""
    lab.ip("host", *RULES_AND_NEXTHOPS)
    before = settled_state(lab)
    assert lab.bridgekit(*WAIT).code == 0
    lab.ip("host", *(f"link set {link} down" for link in links))
    code, told = rolled_back(lab)
    assert code == 0, told
    assert ("brought eth0 up again" in told) == ("eth0" in links)
    assert re.search(r"added routes: \d+", told), told
    lab.hosts["host"].settle()
    assert lost(before, lab) == []
    for target in ("192.168.1.1", "2001:db8:1::1"):
        lab.run("host", "ping", "-q", "-c", "1", "-w", "10", target)


def test_recover_brings_the_nic_up_again(lab: Lab) -> None:
    before = settled_state(lab)
    assert lab.bridgekit(*WAIT).code == 0
    lab.run("host", *program("guards", "kill"), check=False)
    lab.ip("host", "link set eth0 down")
    done = lab.bridgekit("recover")
    assert done.code == 0 and "brought eth0 up again" in done.stdout + done.stderr, done
    lab.hosts["host"].settle()
    assert lost(before, lab) == []


def test_the_nic_is_set_down_while_a_change_is_made(lab: Lab) -> None:
    """The probe takes it down: the change fails, and its rollback repairs that too."""
    before = settled_state(lab)
    down = "cmd:sh -c 'test ! -e /sys/class/net/br0 || { ip link set eth0 down; false; }'"
    done = lab.bridgekit("apply", "eth0", "--yes", "--probe", down)
    assert done.code == 4 and "brought eth0 up again" in done.stderr, done
    lab.hosts["host"].settle()
    assert lost(before, lab) == []


def test_what_others_added_meanwhile_stays(lab: Lab) -> None:
    """The repair is of what is missing; a route of another program is left."""
    before = settled_state(lab)
    assert lab.bridgekit(*WAIT).code == 0
    lab.ip("host", "link set eth0 down", "address add 10.47.0.1/24 dev eth0")
    code, told = rolled_back(lab)
    assert code == 0 and "not of this change, and left: address 10.47.0.1/24" in told, told
    lab.hosts["host"].settle()
    assert [line for line in lost(before, lab) if "10.47.0." not in line] == []
    assert "10.47.0.1/24" in lab.run("host", "ip", "address", "show", "dev", "eth0").stdout


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
