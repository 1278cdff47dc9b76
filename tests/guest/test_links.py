"""Bonds, dummies and large receive offload on Debian's kernel, judged by iproute2 and ethtool."""

from collections.abc import Callable
from pathlib import Path

from bridgekit.lab.topology import Lab
from bridgekit.system.process import run
from tests.guest.moves import LOOPBACK, addressed, answers, link, moved, refused

MakeLab = Callable[..., Lab]

BOND = (
    "link set lo up",
    "link add bond0 type bond mode active-backup miimon 100",
    "link set eth0 master bond0",
    "link set eth1 master bond0",
)


def test_full_state(lab: Lab) -> None:
    with moved(lab, "eth0"):
        answers(lab, "192.168.1.4", "192.168.1.5", "10.20.0.4", "2001:db8:1::5")


def test_dummy(make_lab: MakeLab) -> None:
    add = "link add dummy0 type dummy"
    lab = make_lab(host=("link set lo up", add, *addressed("dummy0")), interfaces=LOOPBACK)
    with moved(lab, "dummy0"):
        assert link(lab, "dummy0")["linkinfo"]["info_kind"] == "dummy"


def test_bond(make_lab: MakeLab) -> None:
    lab = make_lab(host=(*BOND, *addressed("bond0")), interfaces=LOOPBACK)
    answers(lab, "192.168.1.4", "2001:db8:1::4")
    with moved(lab, "bond0"):
        assert link(lab, "eth0")["master"] == link(lab, "eth1")["master"] == "bond0"
        answers(lab, "192.168.1.4", "2001:db8:1::4")


def test_bond_port_is_refused(make_lab: MakeLab) -> None:
    assert len(refused(make_lab(host=BOND), "eth0")) == 1


def offloads(lab: Lab, nic: str) -> list[str]:
    return lab.run("host", "ethtool", "-k", nic).stdout.splitlines()


def test_lro_is_off_while_bridged_and_comes_back(make_lab: MakeLab) -> None:
    """The guest has two NICs on one cable that can receive large pieces: QEMU's vmxnet3."""
    lab = make_lab(host=("link set lo up",), interfaces=LOOPBACK)
    run("modprobe", "vmxnet3")
    drivers = Path("/sys/class/net").glob("*/device/driver")
    ends = sorted(path.parts[4] for path in drivers if path.resolve().name == "vmxnet3")
    for nic, name in zip(ends, ("host", "gateway"), strict=True):
        run("ip", "link", "set", nic, "netns", lab.hosts[name].namespace, "name", "large0")
    lab.ip("host", *addressed("large0", 6))
    lab.ip("gateway", "link set large0 up", "address add 192.168.6.1/24 dev large0")
    lab.hosts["host"].settle()
    before = offloads(lab, "large0")
    assert "large-receive-offload: on" in before
    with moved(lab, "large0"):
        assert "large-receive-offload: off" in offloads(lab, "large0")
        answers(lab, "192.168.6.4")
    assert offloads(lab, "large0") == before
