"""What is found on a real host: each thing is really made, and nothing is found where it is not."""

import json
from collections.abc import Callable

import pytest

from bridgekit.lab import layout
from bridgekit.lab.topology import Lab
from tests.support.findings import plan, start
from tests.support.router_advertisements import advertised

MakeLab = Callable[..., Lab]


@pytest.mark.parametrize("host", [layout.FULL, layout.SIMPLE, layout.UP])
def test_a_plain_host_has_no_findings(make_lab: MakeLab, host: tuple[str, ...]) -> None:
    assert plan(make_lab(host=host)) == (0, {})


def test_a_plain_router_has_no_findings(make_lab: MakeLab) -> None:
    """Where the kernel forwards it joins groups by itself."""
    settings = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    assert plan(make_lab(sysctls=settings)) == (0, {})


def test_no_name_commands_the_terminal(lab: Lab) -> None:
    """A link can have any name without blanks; an alias too."""
    evil = "e\x07v\x1b]il"
    for words in (
        ("add", evil, "type", "veth", "peer", "name", "peer0"),
        ("set", "eth0", "alias", evil),
        ("set", evil, "up"),
    ):
        lab.run("host", "ip", "link", *words)
    lab.run("host", "ip", "route", "append", "10.99.0.0/16", "dev", evil)
    for arguments in (
        *(("plan", "eth0"), ("plan", "nic7"), ("plan", evil, "--no-persist"), ("snapshot", evil)),
        *(("apply", evil, "--no-persist", "--yes"), ("plan", evil)),
    ):
        result = lab.bridgekit(*arguments)
        text = result.stdout + result.stderr
        assert "e\\x07v\\x1b]il" in text and not set("\x07\x1b") & set(text)


NFT = """
table inet t {
    set names { type ifname; elements = { "eth0", "eth1" }; }
    map verdicts { type ifname : verdict; elements = { "eth0" : accept }; }
    chain plain { iif eth0 accept; }
    chain anonymous { iifname { "eth0", "eth1" } accept; }
    chain wildcard { oifname "eth*" accept; }
    chain mapped { iifname vmap { "eth0" : accept }; }
    chain joined { iifname . ip saddr { "eth0" . 10.0.0.1 } accept; }
    chain other { iifname "eth1" accept; log prefix "eth0"; }
    chain longer { iifname "eth0x" accept; oifname "x*" accept; iifname "eth" accept; }
}
table netdev n {
    chain entry { type filter hook ingress device eth0 priority 0; }
    chain other { type filter hook ingress devices = { eth1 } priority 0; }
    chain both { type filter hook ingress devices = { eth0, eth1 } priority 0; }
}
"""


def test_rules_of_nftables(lab: Lab) -> None:
    lab.run("host", "nft", "-f", "-", stdin=NFT)
    code, found = plan(lab)
    assert (code, [*found]) == (0, ["firewall-names-nic"])
    level, message = found["firewall-names-nic"]
    assert level == "warn" and message.endswith(" and 6 more")
    assert "nft set inet t names; nft map inet t verdicts;" in message
    lab.run("host", "nft", "flush", "ruleset")
    assert plan(lab) == (0, {})


@pytest.mark.parametrize("make", ["legacy", "nft"])
@pytest.mark.parametrize("family", ["iptables", "ip6tables"])
def test_rules_of_iptables(make_lab: MakeLab, make: str, family: str) -> None:
    lab = make_lab(host=layout.SIMPLE)
    for rule in ("-A INPUT ! -i eth+ -j DROP", "-A FORWARD -m physdev --physdev-in eth0 -j DROP"):
        lab.run("host", f"{family}-{make}", *rule.split())
    lab.run("host", f"{family}-{make}", "-A", "INPUT", "-i", "eth1", "-j", "DROP")
    found = plan(lab)[1]
    level, message = found["firewall-names-nic"]
    assert level == "warn" and "physdev --physdev-in eth0" in message and "eth1" not in message
    assert message.count(";") == 1
    assert "bridge-firewall" not in found


@pytest.mark.parametrize("make", ["legacy", "nft"])
@pytest.mark.parametrize("family", ["iptables", "ip6tables"])
def test_a_firewall_that_drops_bridged_frames(make_lab: MakeLab, make: str, family: str) -> None:
    lab = make_lab(host=layout.SIMPLE)
    lab.run("host", f"{family}-{make}", "-P", "FORWARD", "DROP")
    setting = f"net.bridge.bridge-nf-call-{family}"
    lab.hosts["host"].sysctl(setting, "1")
    code, found = plan(lab)
    assert (code, [*found]) == (0, ["bridge-firewall"])
    assert found["bridge-firewall"][0] == "warn" and setting in found["bridge-firewall"][1]
    lab.hosts["host"].sysctl(setting, "0")
    assert plan(lab) == (0, {})


def test_traffic_control(lab: Lab) -> None:
    limit = "root tbf rate 1gbit burst 100k latency 10ms"
    lab.run("host", "tc", "qdisc", "replace", "dev", "eth0", *limit.split())
    lab.run("host", "tc", "qdisc", "add", "dev", "eth0", "clsact")
    code, found = plan(lab)
    assert (code, [*found]) == (0, ["traffic-control"])
    level, message = found["traffic-control"]
    assert level == "warn" and "tbf" in message and "clsact" in message


LOCKOUT = """
table inet filter {
    chain input { type filter hook input priority 0; %s ct state established accept; %s; }
    chain lan { tcp dport 22 accept; }
    chain forward { type filter hook forward priority 0; policy drop; iifname "eth0" accept; }
}
"""
LOCKING = {
    "by a policy": ("policy drop;", 'iifname "eth0" tcp dport 22 accept'),
    "by a last rule": ("", 'iifname "eth0" accept; counter drop'),
    "by a jump": ("policy drop;", 'iifname "eth0" jump lan'),
    "by a map": ("policy drop;", 'iifname vmap { "eth0" : goto lan }'),
}
NOT_LOCKING = {
    "nothing is dropped": ("", 'iifname "eth0" accept'),
    "it names the bridge, too": ("policy drop;", 'iifname { "eth0", "br0" } accept'),
    "it names another": ("policy drop;", 'iifname "eth1" accept'),
    "it only drops": ("policy drop;", 'iifname "eth0" tcp dport 23 drop; tcp dport 22 accept'),
    "drops are particular": ("", 'iifname "eth0" accept; tcp dport 23 drop'),
}


@pytest.mark.parametrize("how", LOCKING)
def test_a_firewall_that_would_let_nobody_in(lab: Lab, how: str) -> None:
    lab.run("host", "nft", "-f", "-", stdin=LOCKOUT % LOCKING[how])
    code, found = plan(lab)
    assert (code, found["firewall-locks-out"][0]) == (3, "refuse")
    assert found["firewall-locks-out"][1].endswith(": nft chain inet filter input")
    code, found = plan(lab, "eth0", "--i-know")
    assert (code, found["firewall-locks-out"][0]) == (0, "warn")


@pytest.mark.parametrize("how", NOT_LOCKING)
def test_a_firewall_that_lets_in_as_before(lab: Lab, how: str) -> None:
    lab.run("host", "nft", "-f", "-", stdin=LOCKOUT % NOT_LOCKING[how])
    assert "firewall-locks-out" not in plan(lab)[1]


@pytest.mark.parametrize("make", ["legacy", "nft"])
def test_iptables_that_would_let_nobody_in(lab: Lab, make: str) -> None:
    lab.run("host", f"iptables-{make}", "-A", "INPUT", "-i", "eth0", "-j", "ACCEPT")
    assert "firewall-locks-out" not in plan(lab)[1]
    lab.run("host", f"iptables-{make}", "-P", "INPUT", "DROP")
    assert plan(lab)[1]["firewall-locks-out"][0] == "refuse"
    lab.run("host", f"iptables-{make}", "-P", "INPUT", "ACCEPT")
    lab.run("host", f"iptables-{make}", "-A", "INPUT", "-j", "REJECT")
    assert plan(lab)[1]["firewall-locks-out"][0] == "refuse"
    lab.run("host", f"iptables-{make}", "-I", "INPUT", "-i", "br0", "-j", "ACCEPT")
    assert "firewall-locks-out" not in plan(lab)[1]


def test_vrrp_is_spoken(lab: Lab) -> None:
    start(lab, "raw_socket", "112")
    code, found = plan(lab)
    assert (code, [*found]) == (3, ["vrrp"]) and "python" in found["vrrp"][1]
    assert plan(lab, "eth0", "--i-know")[0] == 0


def test_vrrp_is_spoken_on_another_link(lab: Lab) -> None:
    start(lab, "raw_socket", "112", "join", "eth1")
    assert "vrrp" not in plan(lab)[1]
    assert plan(lab, "eth1")[1]["vrrp"][0] == "refuse"


def test_a_multicast_router(lab: Lab) -> None:
    start(lab, "raw_socket", "2", "route", "192.168.1.4")
    assert "eth0" in lab.run("host", "cat", "/proc/net/ip_mr_vif").stdout
    code, found = plan(lab)
    assert (code, found["multicast-router"][0]) == (3, "refuse")
    assert "multicast-router" not in plan(lab, "eth1")[1]


def test_an_xdp_program(lab: Lab) -> None:
    start(lab, "xdp_pass", "eth0")
    assert "xdpgeneric" in lab.run("host", "ip", "link", "show", "eth0").stdout
    code, found = plan(lab)
    assert (code, found["xdp-program"][0]) == (0, "warn") and "xdpgeneric" in found["xdp-program"][
        1
    ]
    assert plan(lab, "eth1") == (0, {})


def test_a_disk_over_the_nic(lab: Lab) -> None:
    lab.bridgekit("plan", "eth0", "--out", "/run/early.json")
    start(lab, "network_disk", "192.168.1.1")
    code, found = plan(lab)
    assert (code, found["network-disk"][0]) == (3, "refuse")
    assert "fuse.sshfs" in found["network-disk"][1] and "192.168.1.1" in found["network-disk"][1]
    assert plan(lab, "eth1") == (0, {})
    assert lab.bridgekit("apply", "eth0", "--yes").code == 3
    early = ("apply", "--plan", "/run/early.json", "--yes")
    refused = lab.bridgekit(*early)
    assert refused.code == 3 and "/run/disk" in refused.stderr, refused
    assert lab.bridgekit(*early, "--i-know").code == 2
    assert "master" not in lab.run("host", "ip", "link", "show", "eth0").stdout
    code, found = plan(lab, "eth0", "--i-know", "--out", "/run/plan.json")
    assert (code, found["network-disk"][0]) == (0, "warn")
    assert lab.bridgekit("apply", "--plan", "/run/plan.json", "--yes").code == 0


def test_a_disk_over_another_nic(lab: Lab) -> None:
    start(lab, "network_disk", "192.168.2.1")
    assert plan(lab) == (0, {})


def test_a_disk_whose_way_cannot_be_seen(lab: Lab) -> None:
    start(lab, "network_disk", "files.example")
    code, found = plan(lab)
    assert (code, found["network-disk"][0]) == (3, "refuse")
    assert found["network-disk"][1].endswith(", perhaps over eth0")


def test_a_tap_can_be_a_port_and_a_tun_cannot(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.UP)
    lab.ip("host", "tuntap add tap0 mode tap", "tuntap add tun0 mode tun")
    lab.ip("host", "link set tap0 up", "link set tun0 up")
    code, found = plan(lab, "tap0")
    assert (code, [*found]) == (0, ["no-carrier"])
    assert lab.bridgekit("apply", "tap0", "--yes", "--no-persist").code == 0
    assert "master br0" in lab.run("host", "ip", "link", "show", "tap0").stdout
    start(lab, "sit_link")
    lab.ip("host", "link set tunnel0 up")
    for name in ("tun0", "tunnel0"):
        code, found = plan(lab, name, "--bridge", "br1")
        assert (code, found["not-ethernet"][0]) == (3, "refuse")


def test_spanning_tree_starves_netboot(lab: Lab) -> None:
    options = ("--with-pxe", "--pxe-beside-dhcp", "--pxe-engine", "native")
    assert plan(lab, "eth0", *options) == (0, {})
    code, found = plan(lab, "eth0", *options, "--stp")
    assert (code, found["stp-with-pxe"][0]) == (0, "warn")
    assert "30 s" in found["stp-with-pxe"][1]


def test_temporary_addresses(make_lab: MakeLab) -> None:
    names = ("accept_ra=1", "autoconf=1", "use_tempaddr=2")
    settings = [f"net.ipv6.conf.default.{name}" for name in names]
    lab = make_lab(host=layout.SIMPLE, sysctls=settings)
    with advertised(lab):
        shown = lab.run("host", "ip", "-j", "address", "show", "eth0", "temporary").stdout
        addresses = [a.get("local") for one in json.loads(shown) for a in one.get("addr_info", [])]
        code, found = plan(lab)
        assert (code, found["temporary-address"][0]) == (0, "warn")
        assert found["temporary-address"][1].split()[0] in addresses


def test_legs_with_different_metrics_are_refused(lab: Lab) -> None:
    """The kernel shows one leg's for all; the witness is a look-up over the other."""
    route = "2001:db8:55::/48 via 2001:db8:{0}::1 dev eth{1} mtu 1300"
    lab.ip("host", "-6 route add " + route.format(1, 0), "-6 route append " + route.format(2, 1))
    assert plan(lab)[0] == 0
    lab.ip("host", "-6 route del 2001:db8:55::/48", "-6 route add " + route.format(1, 0))
    lab.ip("host", "-6 route append " + route.format(2, 1).replace("1300", "1400"))
    argv = ("ip", "-6", "route", "get", "fibmatch", "2001:db8:55::1", "oif", "eth1")
    assert "1400" in lab.run("host", *argv).stdout
    code, found = plan(lab)
    assert (code, found["uneven-legs"][0]) == (3, "refuse")
