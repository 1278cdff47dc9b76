"""Bridges that are there already are used as they are; bridges that others made go back too."""

import json
from collections.abc import Callable

import pytest

from bridgekit.lab import layout
from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import ON_LINK, ROUTED, Traffic
from tests.support.lasting import lasting
from tests.support.state import settled_state

VM = (
    "link add vm0 type veth peer name vm1",
    "link set vm0 addrgenmode none",
    "link set vm1 addrgenmode none",
    "link set vm0 up",
    "link set vm1 up",
)
THERE = {
    "down": ("link add br0 type bridge",),
    "up": (
        "link add br0 type bridge ageing_time 5000 mcast_snooping 0 group_fwd_mask 8",
        "link set br0 up mtu 1400 alias mine txqueuelen 77 group 9",
    ),
    "with a port": (*VM, "link add br0 type bridge", "link set vm0 master br0", "link set br0 up"),
    "pinned, no IPv6 of its own": (
        "link add br0 address 02:00:00:00:00:77 type bridge priority 4096",
        "link set br0 addrgenmode none",
        "link set br0 up",
    ),
}


def shown(lab: Lab, link: str) -> dict[str, object]:
    found: list[dict[str, object]] = json.loads(
        lab.run("host", "ip", "-d", "-j", "link", "show", link).stdout
    )
    return found[0]


def options(lab: Lab) -> dict[str, object]:
    """All that `ip` shows of br0's options, but for what tells of the moment."""
    info = shown(lab, "br0")["linkinfo"]
    assert isinstance(info, dict)
    passing = ("timer", "topology", "root", "bridge_id")
    return {k: v for k, v in info["info_data"].items() if not any(word in k for word in passing)}


@pytest.mark.parametrize("there", THERE)
def test_a_bridge_is_taken_as_it_is_and_given_back(lab: Lab, there: str) -> None:
    lab.ip("host", *THERE[there])
    before, was = settled_state(lab), options(lab)
    with Traffic(lab.hosts["host"], lab.hosts["gateway"], (*ON_LINK, *ROUTED)) as traffic:
        done = lab.bridgekit("apply", "eth0", "--yes")
        assert done.code == 0, done.stderr
        flows = traffic.stop()
    assert not any(flow.broken for flow in flows)
    assert options(lab) == was
    assert shown(lab, "br0")["address"] == layout.HOST_MAC
    assert "192.168.1.4" in lab.run("host", "ip", "address", "show", "br0").stdout
    back = lab.bridgekit("rollback")
    assert back.code == 0, back.stderr
    assert lasting(before).difference(lasting(settled_state(lab))) == []


def test_a_port_that_joined_a_bridge_that_stays_is_no_hindrance(lab: Lab) -> None:
    lab.ip("host", "link add br0 type bridge")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    lab.ip("host", *VM, "link set vm0 master br0")
    assert lab.bridgekit("rollback").code == 0
    assert shown(lab, "vm0")["master"] == "br0"


REFUSED = {
    "bridge-in-use": ("rule add iif br0 lookup 100",),
    "bridge-differs": ("link set br0 type bridge ageing_time 100",),
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_bridge_that_does_not_fit_is_refused(lab: Lab, code: str) -> None:
    lab.ip("host", "link add br0 type bridge", *REFUSED[code])
    before = settled_state(lab)
    result = lab.bridgekit("plan", "eth0", "--ageing", "30", "--json")
    assert result.code == 3, result
    assert code in [found["code"] for found in json.loads(result.stdout)["findings"]]
    assert before.difference(settled_state(lab)) == []


FOREIGN = (
    *layout.UP,
    f"link add br0 address {layout.HOST_MAC} type bridge forward_delay 0 ageing_time 7000",
    "link set eth0 master br0",
    "link set br0 up",
    *(line.replace("eth0", "br0") for line in layout.FULL if line not in layout.UP),
)


@pytest.fixture
def foreign(make_lab: Callable[..., Lab]) -> Lab:
    """A host whose br0 was made with `ip` alone; eth0 keeps a link-local address of its own."""
    return make_lab(host=FOREIGN)


def test_a_foreign_bridge_goes_back_to_its_port(foreign: Lab, make_lab: Callable[..., Lab]) -> None:
    before = settled_state(foreign)
    planned = foreign.bridgekit("plan", "--rollback")
    assert planned.code == 0 and "ip link delete br0" in planned.stdout, planned
    assert before.difference(settled_state(foreign)) == []
    back = foreign.bridgekit("rollback", "--bridge", "br0")
    assert back.code == 0, back.stderr
    without_bridge = make_lab(host=layout.FULL)
    kinds = ("address", "route", "route6", "rule", "rule6", "neighbour")
    wanted = [x for x in settled_state(without_bridge).lines if x.split()[0] in kinds]
    assert sorted(wanted) == sorted(
        x for x in settled_state(foreign).lines if x.split()[0] in kinds
    )
    assert "master" not in shown(foreign, "eth0")


def test_without_a_word_no_foreign_bridge_is_touched(foreign: Lab) -> None:
    before = settled_state(foreign)
    refused = foreign.bridgekit("rollback")
    assert refused.code == 3 and "--bridge" in refused.stderr, refused
    assert before.difference(settled_state(foreign)) == []


def test_a_rollback_plan_is_applied_like_any_other(lab: Lab) -> None:
    before = settled_state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.bridgekit("plan", "--rollback", "--out", "/run/back.json").code == 0
    assert lab.bridgekit("apply", "--plan", "/run/back.json", "--yes").code == 0
    assert before.difference(settled_state(lab)) == []
    assert "taken-back" in lab.bridgekit("status").stdout
    assert lab.bridgekit("rollback").code == 3


def test_the_bridge_as_it_was_asked_for(lab: Lab) -> None:
    before = settled_state(lab)
    mac = "02:00:00:00:00:42"
    asked = ("--mac", mac, "--path-cost", "77", "--port-priority", "5", "--ageing", "42")
    done = lab.bridgekit("apply", "eth0", "--yes", *asked)
    assert done.code == 0, done.stderr
    assert shown(lab, "br0")["address"] == mac and options(lab)["ageing_time"] == 4200
    port = json.loads(lab.run("host", "bridge", "-d", "-j", "link", "show", "dev", "eth0").stdout)[
        0
    ]
    assert (port["cost"], port["priority"]) == (77, 5)
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(settled_state(lab)) == []


STATIC = (
    "maddress add 33:33:00:00:00:77 dev eth0",
    "maddress add 01:00:0c:cc:cc:cc dev eth0",
    "maddress add 01:00:5e:00:00:01 dev eth1",
)


def test_static_mac_addresses_move(lab: Lab) -> None:
    for line in STATIC:  # a batch ends silently after the first of these
        lab.run("host", "ip", *line.split())
    for mac in ("02:00:00:00:00:99", "01:00:5e:01:02:03"):
        lab.run("host", "bridge", "fdb", "add", mac, "dev", "eth0", "self", "permanent")
    before = settled_state(lab)
    joined = lab.run("host", "ip", "maddress", "show").stdout
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    multicast = lab.run("host", "ip", "maddress", "show", "dev", "br0").stdout
    for mac in ("33:33:00:00:00:77", "01:00:0c:cc:cc:cc", "01:00:5e:01:02:03"):
        assert f"{mac} static" in multicast
    assert "static" not in lab.run("host", "ip", "maddress", "show", "dev", "eth0").stdout
    assert "02:00:00:00:00:99" in lab.run("host", "bridge", "fdb", "show", "br", "br0").stdout
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(settled_state(lab)) == []
    assert sorted(lab.run("host", "ip", "maddress", "show").stdout.split("\n")) == sorted(
        joined.split("\n")
    )


FILE = """\
auto br0
iface br0 inet manual
    bridge_ports vm0
    bridge_stp off
    bridge_maxwait 0
    up logger br0 is up

auto eth0
iface eth0 inet static
    address 192.168.1.4/24
    gateway 192.168.1.1
"""


def test_the_stanza_of_a_bridge_that_is_there_goes_into_the_new_one(
    make_lab: Callable[..., Lab],
) -> None:
    lab = make_lab(interfaces=FILE)
    lab.ip("host", *THERE["with a port"])
    assert lab.bridgekit("apply", "eth0", "--yes", "--path-cost", "77").code == 0
    written = [line.split() for line in lab.read_interfaces().splitlines()]
    for words in ("bridge_ports vm0 eth0", "bridge_maxwait 0", "bridge_pathcost eth0 77"):
        assert written.count(words.split()) == 1
    assert written.count(["up", "logger", "br0", "is", "up"]) == 1
    assert written.count(["auto", "br0"]) == written.count(["auto", "eth0"]) == 1
    assert written.count(["iface", "eth0", "inet", "manual"]) == 1
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == FILE
