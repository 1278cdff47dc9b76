"""`attach` with all that can be specified: addresses, routes, names, a lease."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support.containers import links, with_container


@pytest.fixture
def host(make_lab: Callable[..., Lab]) -> Lab:
    return with_container(make_lab)


def shown(lab: Lab, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(lab.run("host", "ip", "-j", *words).stdout)
    return found


ALL_OF_IT = (
    *("attach", "br0", "web", "192.0.2.7/24@192.0.2.1", "U:web", "--ifname", "lan0"),
    *("--host-ifname", "web0", "--mtu", "1300", "--address", "2001:db8::7/64@2001:db8::1"),
    *("--address", "10.9.0.7/16", "--route", "10.20.0.0/16@10.9.0.1", "--route", "10.30.0.1/32"),
)


def test_all_that_can_be_specified(host: Lab) -> None:
    before = links(host.hosts["host"])
    done = host.bridgekit(*ALL_OF_IT)
    assert (done.code, done.stderr) == (0, ""), done
    (lan0,) = shown(host, "-n", "web", "address", "show", "dev", "lan0")
    own = {f"{one['local']}/{one['prefixlen']}" for one in lan0["addr_info"]}
    assert own >= {"192.0.2.7/24", "2001:db8::7/64", "10.9.0.7/16"}
    assert (lan0["mtu"], str(lan0["address"])[:3]) == (1300, "02:")
    routes = host.run("host", "ip", "-n", "web", "route").stdout
    routes += host.run("host", "ip", "-n", "web", "-6", "route").stdout
    for route in ("default via 192.0.2.1", "default via 2001:db8::1", "10.20.0.0/16 via 10.9.0.1"):
        assert f"{route} dev lan0" in routes
    assert "10.30.0.1 dev lan0" in routes
    assert [one["ifname"] for one in shown(host, "link", "show", "master", "br0")] == ["web0"]
    assert "nothing to do" in host.bridgekit(*ALL_OF_IT).stdout
    assert host.bridgekit(*ALL_OF_IT[:-2]).code == 0
    assert host.bridgekit(*(word.replace("1300", "1290") for word in ALL_OF_IT)).code == 3
    assert host.bridgekit("detach", "br0", "web", "--ifname", "lan0").code == 0
    assert [one["ifname"] for one in links(host.hosts["host"])] == [one["ifname"] for one in before]


def test_a_string_has_always_the_same_mac(host: Lab) -> None:
    macs = []
    for _ in range(2):
        assert host.bridgekit("attach", "br0", "web", "0/0", "U:web").code == 0
        macs.append(shown(host, "-n", "web", "link", "show", "dev", "eth1")[0]["address"])
        assert host.bridgekit("detach", "br0", "web").code == 0
    assert macs[0] == macs[1]


def test_no_address(host: Lab) -> None:
    assert host.bridgekit("attach", "br0", "web", "0/0").code == 0
    (eth1,) = shown(host, "-n", "web", "-4", "address", "show", "dev", "eth1") or [{}]
    assert eth1.get("addr_info", []) == []
    assert "UP" in shown(host, "-n", "web", "link", "show", "dev", "eth1")[0]["flags"]


def test_a_namespace_by_its_file(host: Lab) -> None:
    assert host.bridgekit("attach", "br0", "/run/netns/web", "192.0.2.7/24").code == 0
    assert host.bridgekit("attach", "br0", "/etc/passwd", "192.0.2.7/24").code == 3


def test_waiting_for_the_container(host: Lab) -> None:
    argv = (*BRIDGEKIT, "attach", "br0", "late", "192.0.2.7/24")
    with host.popen("host", *argv, "--wait", "30", stderr=-1, text=True) as waiting:
        assert "waiting up to 30 s for late" in waiting.stderr.readline()
        host.run("host", "ip", "netns", "add", "late")
        assert waiting.wait(30) == 0
    assert "192.0.2.7" in host.run("host", "ip", "-n", "late", "address").stdout


SERVER = (
    *("dnsmasq", "--keep-in-foreground", "--port=0", "--user=root", "--conf-file=/dev/null"),
    *("--leasefile-ro", "--interface=br0", "--bind-interfaces", "--log-facility=-"),
    *("--dhcp-range=198.51.100.50,198.51.100.59,255.255.255.0,120", "--log-dhcp"),
)


def test_an_address_by_dhcp(host: Lab) -> None:
    host.ip("host", "address add 198.51.100.1/24 dev br0")
    resolvers = host.run("host", "cat", "/etc/resolv.conf").stdout
    with host.popen("host", *SERVER, stdout=-1, stderr=-2, text=True) as server:
        try:
            assert any("started" in line for line in server.stdout)
            assert host.bridgekit("attach", "br0", "web", "dhcp").code == 0
            assert "198.51.100.5" in host.run("host", "ip", "-n", "web", "address").stdout
            assert "via 198.51.100.1" in host.run("host", "ip", "-n", "web", "route").stdout
            assert "nothing to do" in host.bridgekit("attach", "br0", "web", "dhcp").stdout
            assert host.bridgekit("detach", "br0", "web").code == 0
        finally:
            server.kill()
    assert host.run("host", "pgrep", "udhcpc", check=False).stdout == ""
    assert host.run("host", "cat", "/etc/resolv.conf").stdout == resolvers


def test_dhcp_that_nobody_answers(host: Lab) -> None:
    before = [link["ifname"] for link in links(host.hosts["host"])]
    assert host.bridgekit("attach", "br0", "web", "dhcp").code == 3
    assert [link["ifname"] for link in links(host.hosts["host"])] == before
    assert host.run("host", "pgrep", "udhcpc", check=False).stdout == ""
