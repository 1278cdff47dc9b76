"""Containers on a macvlan and in a VLAN of a bridge, as Debian's kernel has them."""

import json
from collections.abc import Callable

from bridgekit.lab.topology import Lab
from tests.guest.moves import LOOPBACK, addressed

MakeLab = Callable[..., Lab]


def inside(lab: Lab, *words: str) -> str:
    return lab.run("host", "ip", "-n", "web", *words).stdout


def test_macvlan_on_a_nic(make_lab: MakeLab) -> None:
    lab = make_lab(host=("link set lo up", *addressed("eth0")), interfaces=LOOPBACK)
    lab.run("host", "ip", "netns", "add", "web")
    before = lab.run("host", "ip", "-o", "link").stdout.count("\n")
    words = ("attach", "eth0", "web", "192.168.1.77/24@192.168.1.1", "U:web", "--mtu", "1400")
    done = lab.bridgekit(*words)
    assert (done.code, done.stderr) == (0, ""), done
    (eth1,) = json.loads(inside(lab, "-j", "-d", "link", "show", "eth1"))
    assert (eth1["linkinfo"]["info_kind"], eth1["mtu"]) == ("macvlan", 1400)
    assert eth1["linkinfo"]["info_data"]["mode"] == "bridge"
    lab.run("host", "ip", "netns", "exec", "web", "ping", "-c", "1", "-W", "5", "192.168.1.1")
    assert "nothing to do" in lab.bridgekit(*words).stdout
    assert lab.bridgekit("detach", "eth0", "web").code == 0
    assert "eth1" not in inside(lab, "link")
    assert lab.run("host", "ip", "-o", "link").stdout.count("\n") == before


def test_a_vlan_of_a_bridge(make_lab: MakeLab) -> None:
    lab = make_lab(host=("link set lo up",), interfaces=LOOPBACK)
    lab.ip("host", "link add br0 type bridge vlan_filtering 1 forward_delay 0", "link set br0 up")
    for name, vlan in (("web", "20"), ("db", "20"), ("far", "30")):
        lab.run("host", "ip", "netns", "add", name)
        own = f"192.0.2.{len(name)}/24"
        assert lab.bridgekit("attach", "br0", name, own, "--vlan", vlan).code == 0
    words = ("attach", "br0", "web", "192.0.2.3/24", "--vlan", "20")
    assert lab.bridgekit("detach", "br0", "far").code == 0
    assert lab.bridgekit("attach", "br0", "far", "192.0.2.9/24", "--vlan", "30").code == 0
    assert "nothing to do" in lab.bridgekit(*words).stdout
    assert lab.bridgekit(*words[:-1], "30").code == 3
    ping = ("ip", "netns", "exec", "web", "ping", "-c", "1", "-W", "2")
    assert lab.run("host", *ping, "192.0.2.2", check=False).code == 0
    assert lab.run("host", *ping, "192.0.2.9", check=False).code != 0
