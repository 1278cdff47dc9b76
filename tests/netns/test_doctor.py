"""What on a bridge keeps clients from booting: made for real, found, and mended where it can be."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bridgekit.lab.topology import Lab
from tests.support import pxe

SETTING = "/sys/class/net/br0/bridge"


@pytest.fixture
def host(make_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A host with br0."""
    monkeypatch.setenv("BRIDGEKIT_CACHE_DIR", str(pxe.CACHE))
    return pxe.bridged(make_lab())


def check(lab: Lab, *options: str) -> tuple[int, dict[str, Any]]:
    done = lab.bridgekit("pxe", "check", "br0", "--beside-dhcp", "--json", *options)
    found: dict[str, Any] = json.loads(done.stdout)
    return done.code, found


def stp(lab: Lab) -> int:
    (bridge,) = json.loads(lab.run("host", "ip", "-j", "-d", "link", "show", "br0").stdout)
    state: int = bridge["linkinfo"]["info_data"]["stp_state"]
    return state


def test_spanning_tree(host: Lab) -> None:
    """Off with the fix, and back with `pxe down`."""
    host.ip("host", "link set br0 type bridge stp_state 1 forward_delay 1500")
    code, found = check(host)
    assert code == 10
    assert "STP is on: a client's port forwards 30 s after" in found["findings"][0]
    assert found["codes"] == ["pxe-stp-delay"]
    assert found["fixes"] == [f"echo 0 > {SETTING}/stp_state"]
    code, found = check(host, "--fix")
    assert (code, found["findings"], stp(host)) == (0, [], 0)
    host.bridgekit("pxe", "down", "br0")
    assert stp(host) == 1


FORWARD = "{ type filter hook forward priority 0; policy drop; }"


@pytest.mark.parametrize("family", ["bridge", "inet"])
def test_a_firewall_between_the_ports(host: Lab, family: str) -> None:
    """Rules for bridges, or others' where bridged frames go through them."""
    assert check(host) == (
        0,
        {"schema": 1, "findings": [], "codes": [], "fixes": [], "clients": []},
    )
    host.run("host", "nft", f"table {family} wall {{ chain through {FORWARD}; }}")
    if family == "inet":
        host.hosts["host"].sysctl("net.bridge.bridge-nf-call-iptables", "1")
    code, found = check(host)
    assert code == 10 and found["findings"]
    assert all(f"nft chain {family} wall through drops" in said for said in found["findings"])
    host.run("host", "nft", f"delete table {family} wall")
    assert check(host)[0] == 0


WALL = """
table {table} {{
  set some {{ type inet_service; flags interval, timeout; timeout 1h; elements = {{ 67, 69-70 }}; }}
  map verdicts {{ type inet_service : verdict; elements = {{ 67 : accept, 4011 : drop }}; }}
  chain another {{ tcp dport 80 drop; }}
  chain through {{ type filter hook prerouting priority 0; {rule}; }}
}}
"""


@pytest.mark.parametrize(
    ("rule", "ports"),
    [
        ("udp dport 67 drop", "67"),
        ("udp dport { 53, 60-69 } drop", "67, 68, 69"),
        ("meta l4proto tcp tcp dport 80 drop", "80"),
        ("udp dport != 53 counter", ""),
        ("udp dport 67 accept", ""),
        ("udp dport != 69 drop", "67, 68, 4011"),
        ("tcp dport <= 100 drop", "80"),
        ("udp sport 67 drop", "67"),
        ("udp dport @some drop", "67, 69"),
        ("udp dport vmap @verdicts", "4011"),
        ("udp dport vmap { 68 : drop, 69 : accept }", "68"),
        ("jump another", "80"),
        ("meta l4proto udp goto another", "80"),
        ('iifname "elsewhere" drop', ""),
        ("counter drop", "67, 68, 69, 80, 4011"),
    ],
)
def test_a_rule_for_a_port_of_ours(host: Lab, rule: str, ports: str) -> None:
    """One for the host's own packets only is none."""
    host.hosts["host"].sysctl("net.bridge.bridge-nf-call-iptables", "0")
    for table in ("bridge wall", "ip far"):
        host.run("host", "nft", "-f", "-", stdin=WALL.format(table=table, rule=rule))
    found = check(host)[1]["findings"]
    result = [said.partition("drops port ")[2].partition(";")[0] for said in found]
    assert result == ([ports] if ports else [])


def test_a_policy_before_the_bridge(host: Lab) -> None:
    chain = "chain c { type filter hook prerouting priority 0; policy drop; }"
    host.run("host", "nft", f"table bridge wall {{ {chain}; }}")
    (finding,) = check(host)[1]["findings"]
    assert "nft chain bridge wall c drops what it does not accept" in finding


def test_what_the_service_opens_is_no_finding(host: Lab) -> None:
    host.run("host", "iptables", "-P", "FORWARD", "DROP")
    host.hosts["host"].sysctl("net.bridge.bridge-nf-call-iptables", "1")
    assert check(host)[1]["findings"] == []


@pytest.mark.all
def test_what_the_host_does_not_receive(host: Lab) -> None:
    """Its own firewall and rp_filter see nothing of a netboot, nor of a client's way out."""
    own = host.hosts["host"]
    for name in ("all", "default", "br0", "eth0"):
        own.sysctl(f"net.ipv4.conf.{name}.rp_filter", "1")
    chain = "chain in { type filter hook input priority 0; policy drop; }"
    host.run("host", "nft", f"table inet closed {{ {chain}; }}")
    pxe.ensure_root()
    pxe.up(host)
    code, found = check(host)
    assert (code, found["findings"]) == (0, []) and len(found["clients"]) > 20
    pxe.client(host)
    ping = (*pxe.IN_CLIENT, "ping", "-c", "1", "-w", "10", pxe.WORLD)
    host.run("segment", *ping)
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_what_someone_else_changed_stays(host: Lab) -> None:
    ipv6 = ("--ipv6", "fd00:242::1/64")
    host.ip("host", "link set br0 type bridge stp_state 1")
    assert check(host, *ipv6, "--fix")[0] == 0
    host.run("host", "sh", "-c", f"echo 0 > {SETTING}/multicast_querier")
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert host.run("host", "cat", f"{SETTING}/multicast_querier").stdout == "0\n"
    assert stp(host) == 1
    host.ip("host", "link set br0 type bridge stp_state 0")
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert stp(host) == 0


def test_another_bridge_of_the_same_name_stays(host: Lab) -> None:
    host.ip("host", "link set br0 type bridge stp_state 1")
    assert check(host, "--fix")[0] == 0
    host.ip("host", "link delete br0", "link add br0 type bridge stp_state 0", "link set br0 up")
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert stp(host) == 0


def test_spanning_tree_with_more_than_one_way_out(host: Lab) -> None:
    """Without it frames might go in circles, so that is left to people."""
    host.ip("host", "link set eth1 master br0", "link set br0 type bridge stp_state 1")
    code, found = check(host, "--fix")
    assert (code, found["fixes"], stp(host)) == (10, [], 1)
    assert "has 2 ports that lead out" in found["findings"][0]


def test_a_port_that_is_down(host: Lab) -> None:
    host.ip("host", "link set eth1 master br0", "link set eth1 down")
    assert "port eth1 is down" in check(host)[1]["findings"][0]
    host.ip("host", "link set eth1 up")
    host.unplug("eth1")
    host.run("host", "sh", "-c", "while ip link show eth1 | grep -q LOWER_UP; do :; done")
    assert "port eth1 has no carrier" in check(host)[1]["findings"][0]


def test_two_ports_with_one_mac(host: Lab) -> None:
    for number in (0, 1):
        pair = f"link add v{number} address 02:00:00:00:00:05 type veth peer name w{number}"
        host.ip("host", pair, f"link set w{number} up", f"link set v{number} master br0 up")
    code, found = check(host)
    assert code == 10
    assert "02:00:00:00:00:05" in found["findings"][0]


def test_multicast_that_nobody_asks_for(host: Lab) -> None:
    assert check(host) == (
        0,
        {"schema": 1, "findings": [], "codes": [], "fixes": [], "clients": []},
    )
    ipv6 = ("--ipv6", "fd00:242::1/64")
    code, found = check(host, *ipv6)
    assert (code, found["fixes"]) == (10, [f"echo 1 > {SETTING}/multicast_querier"])
    assert check(host, *ipv6, "--fix")[0] == 0
    assert host.run("host", "cat", f"{SETTING}/multicast_querier").stdout == "1\n"
    host.bridgekit("pxe", "down", "br0")
    assert host.run("host", "cat", f"{SETTING}/multicast_querier").stdout == "0\n"
