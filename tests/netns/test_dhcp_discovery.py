"""The search for other DHCP servers, against a real one."""

import json

import pytest

from bridgekit.lab.topology import Lab
from tests.support.dhcp_servers import IPV6, LEASES, READY, server
from tests.support.programs import program


def discover(lab: Lab, nic: str) -> list[list[str]]:
    found: list[list[str]] = json.loads(lab.run("host", *program("dhcp_discover", nic)).stdout)
    return found


def test_nobody_answers(lab: Lab) -> None:
    assert discover(lab, "eth0") == []
    done = lab.bridgekit("pxe", "check", "eth0")
    assert done.code == 10 and "no bridge" in done.stdout, done


@pytest.mark.parametrize("place", ["nic", "port", "bridge"])
def test_a_server_answers(lab: Lab, place: str) -> None:
    if place != "nic":
        lab.ip("host", "link add br0 type bridge forward_delay 0", "link set br0 up")
        lab.ip("host", "link set eth0 master br0")
    with server(lab, "192.168.1.101", "192.168.1.199"):
        (found,) = discover(lab, "br0" if place == "bridge" else "eth0")
    assert found[0] == "192.168.1.1" and found[1].startswith("192.168.1.1")
    assert found[2:] == ["52:54:00:b1:00:01", "192.168.1.1"]
    leases = lab.run("gateway", "cat", LEASES).stdout
    assert leases == ""


@pytest.mark.parametrize("program", READY)
def test_pxe_is_refused_beside_it(lab: Lab, program: str) -> None:
    lab.ip("host", "link add br0 type bridge forward_delay 0", "link set br0 up")
    lab.ip("host", "link set eth0 master br0")
    with server(lab, "192.168.1.101", "192.168.1.199", program):
        done = lab.bridgekit("pxe", "up", "br0", "--engine", "native")
        checked = lab.bridgekit("pxe", "check", "br0", "--json")
    assert done.code == 3, done
    assert "192.168.1.1 (52:54:00:b1:00:01" in done.stderr and "--beside-dhcp" in done.stderr
    assert checked.code == 10, checked
    assert "another DHCP server" in json.loads(checked.stdout)["findings"][0]


def test_a_nic_that_is_not_there(lab: Lab) -> None:
    done = lab.run("host", *program("resolve_service", "nosuch"), check=False)
    assert "cannot look for a DHCP server on nosuch: No such device" in done.stderr


def test_a_server_for_ipv6_alone(lab: Lab) -> None:
    """It matters to a service that is one for IPv6, too."""
    lab.ip("host", "link add br0 type bridge forward_delay 0", "link set br0 up")
    lab.ip("host", "link set eth0 master br0")
    lab.hosts["host"].settle()
    up = ("pxe", "check", "br0", "--json")
    with server(lab, *IPV6):
        alone = lab.bridgekit(*up)
        both = lab.bridgekit(*up, "--ipv6", "fd00:242::1/64")
    assert json.loads(alone.stdout)["findings"] == []
    finding = json.loads(both.stdout)["findings"][0]
    own = lab.run("gateway", "ip", "-6", "-o", "address", "show", "dev", "eth0", "scope", "link")
    assert own.stdout.split()[3].partition("/")[0] in finding
    assert "52:54:00:b1:00:01" in finding
