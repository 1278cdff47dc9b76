"""VLANs, VLAN filtering, ipvlan and macvlan on Debian's kernel, judged by iproute2."""

import json
import os
from collections.abc import Callable

import pytest

from bridgekit.lab import ifup, layout, state_dump
from bridgekit.lab.topology import Lab
from tests.guest.moves import LOOPBACK, addressed, answers, link, moved, refused
from tests.support.lasting import lasting
from tests.support.state import state

MakeLab = Callable[..., Lab]

LINK_LOCAL = "fe80::5054:ff:feb1:4"  # made from the MAC address that eth0 and eth0.5 have in common


def tag_the_wire(lab: Lab) -> None:
    """The gateway's end of VLAN 5, to be eth0.5's other end."""
    lab.ip(
        "gateway",
        "link add link eth0 name eth0.5 type vlan id 5",
        "link set eth0.5 up",
        "address add 192.168.5.1/24 dev eth0.5",
        "address add 2001:db8:5::1/64 dev eth0.5 nodad",
    )


def test_vlan_as_the_nic(make_lab: MakeLab) -> None:
    make = ("link set lo up", "link set eth0 up", "link add link eth0 name eth0.5 type vlan id 5")
    lab = make_lab(host=(*make, *addressed("eth0.5", 5)), interfaces=LOOPBACK)
    tag_the_wire(lab)
    with moved(lab, "eth0.5"):
        answers(lab, "192.168.5.4", "2001:db8:5::4")


def test_vlan_child_goes_on(lab: Lab) -> None:
    lab.ip("host", "link add link eth0 name eth0.5 type vlan id 5", *addressed("eth0.5", 5))
    lab.hosts["host"].settle()
    tag_the_wire(lab)
    plan = json.loads(lab.bridgekit("plan", "eth0", "--json").stdout)
    assert [one["level"] for one in plan["findings"] if one["code"] == "vlan-child"] == ["warn"]
    child = state(lab).about('"eth0.5"', ".eth0/5.")
    with moved(lab, "eth0", shared=LINK_LOCAL) as after:
        assert child.difference(after.about('"eth0.5"', ".eth0/5.")) == []
        answers(lab, "192.168.5.4", "2001:db8:5::4", "192.168.1.4")


@pytest.mark.parametrize("child", ["ipvlan mode l2", "macvlan mode bridge"])
def test_exclusive_child_is_refused(make_lab: MakeLab, child: str) -> None:
    lab = make_lab(host=(*layout.SIMPLE, f"link add child0 link eth0 type {child}"))
    assert refused(lab, "eth0") == ["exclusive-child"]


BOOTS = ("classic", "ifupdown2", "ifupdown-ng")


def booted(lab: Lab, dialect: str) -> tuple[list[str], str]:
    """The VLANs after a boot from the lab's file alone, and what ifup said."""
    file = lab.read_interfaces()
    dumped, said = ifup.boot(f"boot{os.getpid()}", file, None, dialect, checked=False)
    return vlans(dumped), said


def test_vlan_filtering(make_lab: MakeLab) -> None:
    lab = make_lab(host=addressed("eth0"), interfaces=LOOPBACK)
    with moved(lab, "eth0", "--vlan-filtering") as live:
        assert link(lab, "br0")["linkinfo"]["info_data"]["vlan_filtering"] == 1
        shown = json.loads(lab.run("host", "bridge", "-j", "vlan", "show").stdout)
        untagged = [{"vlan": 1, "flags": ["PVID", "Egress Untagged"]}]
        assert {one["ifname"]: one["vlans"] for one in shown} == {"br0": untagged, "eth0": untagged}
        answers(lab, "192.168.1.4", "2001:db8:1::4")
        assert booted(lab, "classic")[0] == vlans(live) != []


AWARE = "link add br0 type bridge forward_delay 0 vlan_filtering 1 vlan_default_pvid"


def test_a_bridge_that_knows_vlans_is_taken_as_it_is(make_lab: MakeLab) -> None:
    lab = make_lab(host=addressed("eth0"), interfaces=LOOPBACK)
    lab.ip("host", f"{AWARE} 7", "link set br0 up")
    lab.run("host", "bridge", "vlan", "add", "dev", "br0", "vid", "9", "self")
    lab.hosts["host"].settle()
    before = state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    after = state(lab)
    own = [line for line in vlans(before) if '"br0"' in line]
    assert own != [] and set(own) < set(vlans(after))
    assert link(lab, "br0")["linkinfo"]["info_data"]["vlan_default_pvid"] == 7
    assert any('"ifname": "eth0"' in line and '"vlan": 7' in line for line in vlans(after))
    answers(lab, "192.168.1.4", "2001:db8:1::4")
    assert lab.bridgekit("rollback").code == 0
    assert lasting(before).difference(lasting(state(lab))) == []


OWN = "\nauto br0\niface br0 inet manual\n  bridge-ports none\n  bridge-vids 20 30-32\n"


@pytest.mark.parametrize("dialect", BOOTS)
def test_the_file_alone_brings_all_vlans_back(make_lab: MakeLab, dialect: str) -> None:
    """Its stanza gives VLANs to all ports, or to the bridge, or to none, as the dialect has it."""
    lab = make_lab(host=addressed("eth0")[:2], interfaces=LOOPBACK + OWN)
    lab.ip("host", f"{AWARE} 7", "link set br0 up")
    for words in ("add dev br0 vid 9-12", "add dev br0 vid 40 untagged"):
        lab.run("host", "bridge", "vlan", *words.split(), "self")
    lab.hosts["host"].settle()
    done = lab.bridgekit("apply", "eth0", "--yes", "--dialect", dialect)
    assert done.code == 0, done
    found, said = booted(lab, dialect)
    assert found == vlans(state(lab)), said
    assert {True} == {any(f'"vlan": {one}' in line for line in found) for one in (7, 9, 40)}
    assert lab.bridgekit("rollback").code == 0


def test_a_bridge_without_a_vlan_for_untagged_frames_is_refused(lab: Lab) -> None:
    lab.ip("host", f"{AWARE} 0")
    assert refused(lab, "eth0") == ["no-default-vlan"]


def vlans(dumped: state_dump.StateDump) -> list[str]:
    kinds = ("vlan", "port")
    return [line for line in dumped.lines if line.split()[0] in kinds]
