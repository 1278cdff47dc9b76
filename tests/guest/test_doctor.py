"""VLANs that keep clients from a service: found, mended and put back, on Debian's kernel."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bridgekit.lab.topology import Lab
from tests.guest.moves import LOOPBACK

MakeLab = Callable[..., Lab]


@pytest.fixture
def host(make_lab: MakeLab) -> Lab:
    """Its bridge keeps VLANs apart; a namespace on it is where the service would be."""
    lab = make_lab(host=("link set lo up",), interfaces=LOOPBACK)
    aware = "type bridge vlan_filtering 1 forward_delay 0"
    lab.ip("host", f"link add br0 {aware}", "link set br0 up", "link set eth0 master br0 up")
    lab.run("host", "ip", "netns", "add", "service")
    assert lab.bridgekit("attach", "br0", "service", "192.168.1.9/24").code == 0
    return lab


def check(lab: Lab, *options: str) -> dict[str, Any]:
    done = lab.bridgekit("pxe", "check", "br0", "--beside-dhcp", "--json", *options)
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.code == (10 if found["findings"] else 0), done
    return found


def reached(lab: Lab) -> bool:
    ping = ("ping", "-c", "1", "-W", "2", "192.168.1.9")
    return lab.run("gateway", *ping, check=False).code == 0


def eth0(lab: Lab) -> str:
    return lab.run("host", "bridge", "vlan", "show", "dev", "eth0").stdout


def test_a_port_without_untagged_frames(host: Lab) -> None:
    """A trunk, of VLANs that stay on it as they are."""
    host.run("host", "bridge", "vlan", "add", "dev", "eth0", "vid", "1")
    host.run("host", "bridge", "vlan", "add", "dev", "eth0", "vid", "5")
    before = eth0(host)
    assert not reached(host)
    found = check(host)
    assert "eth0 is in no VLAN for untagged frames" in found["findings"][0]
    assert found["fixes"] == ["bridge vlan add dev eth0 vid 1 pvid untagged"]
    assert check(host, "--fix")["findings"] == []
    assert reached(host)
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert (eth0(host), reached(host)) == (before, False)


def test_a_port_that_sends_its_vlan_with_a_tag(host: Lab) -> None:
    host.run("host", "bridge", "vlan", "add", "dev", "eth0", "vid", "1", "pvid")
    assert not reached(host)
    found = check(host)
    assert "eth0 sends VLAN 1 with its tag" in found["findings"][0]
    assert check(host, "--fix")["findings"] == []
    assert reached(host)
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert not reached(host)


def test_a_bridge_that_puts_ports_into_no_vlan(host: Lab) -> None:
    host.ip("host", "link set br0 type bridge vlan_default_pvid 0")
    (finding,) = check(host)["findings"]
    assert "its vlan_default_pvid is 0" in finding


def test_a_port_in_another_vlan(host: Lab) -> None:
    """Whoever is behind it has other things there, so that is left to people."""
    assert reached(host)
    host.run("host", "bridge", "vlan", "add", "dev", "eth0", "vid", "20", "pvid", "untagged")
    before = eth0(host)
    found = check(host, "--fix")
    assert "eth0 are in VLAN 20, and the service would be in VLAN 1" in found["findings"][0]
    assert (found["fixes"], eth0(host), reached(host)) == ([], before, False)
