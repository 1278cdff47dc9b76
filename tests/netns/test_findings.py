"""What is found on a real host: each thing is really made, and nothing is found where it is not."""

import json
import subprocess
from collections.abc import Callable

import pytest

from bridgekit.lab import layout
from bridgekit.lab.host import Process
from bridgekit.lab.topology import Lab
from tests.netns.test_slaac import advertised

MakeLab = Callable[..., Lab]
Found = dict[str, tuple[str, str]]

LISTENER = """
import socket, struct, sys
index = socket.if_nametoindex("eth0")
open("/proc/self/comm", "w").write("evil\\x1b[31m\\nname")
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
server.bind(("", 1234))
server.listen()
local = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
local.bind((sys.argv[1], 4321, 0, index))
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
frames.bind(("eth0", 0x0800))
everything = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
everything.bind(("eth0", 0x0003))
group = struct.pack("4s4si", bytes([239, 1, 2, 3]), bytes(4), index)
joined = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
joined.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
group = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("i", index)
local.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
print("ready", flush=True)
sys.stdin.read()
"""
LINK_LOCAL = "fe80::5054:ff:feb1:4"

DISK = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
os.makedirs("/run/disk")
server = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
source = f"someone@{sys.argv[1]}:/data".encode()
if libc.mount(source, b"/run/disk", b"fuse.sshfs", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
print("ready", flush=True)
sys.stdin.read()
"""
"""A file system over the network as the kernel sees it; nobody serves it, and nobody looks in."""

TUNNEL = """
import fcntl, struct, sys
TUNSETIFF, TUNSETLINK, TAP = 0x400454CA, 0x400454CD, 0x1002
with open("/dev/net/tun", "r+b", buffering=0) as tap:
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", b"tunnel0", TAP))
    fcntl.ioctl(tap, TUNSETLINK, 776)
    print("ready", flush=True)
    sys.stdin.read()
"""
"""A link with an address, as a sit tunnel has one, but without Ethernet frames."""


def plan(lab: Lab, *options: str) -> tuple[int, Found]:
    """The exit code, and each finding's level and message by its code."""
    told = lab.bridgekit("plan", *(options or ("eth0",)), "--json")
    findings = json.loads(told.stdout)["findings"]
    return told.code, {one["code"]: (one["level"], one["message"]) for one in findings}


def start(lab: Lab, script: str, *arguments: str) -> Process:
    """Run a Python program in the host until its input ends."""
    pipe = subprocess.PIPE
    argv = ("python3", "-c", script, *arguments)
    process = lab.popen("host", *argv, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


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
        *(("apply", evil, "--no-persist", "--yes"), ("plan", evil), ("status",), ("rollback",)),
    ):
        told = lab.bridgekit(*arguments)
        text = told.stdout + told.stderr
        assert "e\\x07v\\x1b]il" in text and not set("\x07\x1b") & set(text)


def test_who_listens_on_the_nic(lab: Lab) -> None:
    start(lab, LISTENER, LINK_LOCAL)
    code, found = plan(lab)
    assert code == 0 and {level for level, _ in found.values()} == {"warn"}
    assert found.keys() == {"bound-socket", "bound-packet-socket", "multicast-group"}
    sockets, frames = found["bound-socket"][1], found["bound-packet-socket"][1]
    assert "TCP port 1234 of evil" in sockets and "UDP port 4321 of evil" in sockets
    assert "0x0800" in frames and "0x0003" not in frames
    assert found["multicast-group"][1].endswith(": 239.1.2.3; ff02::fb")
    assert plan(lab, "eth1") == (0, {})
    text = lab.bridgekit("plan", "eth0").stdout
    assert "evil\\x1b[31m\\nname" in text and "\x1b" not in text


def test_such_a_socket_really_hears_nothing_after_the_move(lab: Lab) -> None:
    """The warning is true: the bound port answers before, and not after."""
    start(lab, LISTENER, LINK_LOCAL)
    question = (
        "python3",
        "-c",
        "import socket; socket.create_connection(('192.168.1.4', 1234), 1)",
    )
    assert lab.run("gateway", *question, check=False).code == 0
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.run("gateway", *question, check=False).code != 0


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


def test_a_disk_over_the_nic(lab: Lab, make_lab: MakeLab) -> None:
    lab.bridgekit("plan", "eth0", "--out", "/run/early.json")
    start(lab, DISK, "192.168.1.1")
    code, found = plan(lab)
    assert (code, found["network-disk"][0]) == (3, "refuse")
    assert "fuse.sshfs" in found["network-disk"][1] and "192.168.1.1" in found["network-disk"][1]
    assert plan(lab, "eth1") == (0, {})
    assert lab.bridgekit("apply", "eth0", "--yes").code == 3
    early = ("apply", "--plan", "/run/early.json", "--yes")
    refused = lab.bridgekit(*early)
    assert refused.code == 3 and "/run/disk" in refused.stderr
    assert lab.bridgekit(*early, "--i-know").code == 2
    assert "master" not in lab.run("host", "ip", "link", "show", "eth0").stdout
    code, found = plan(lab, "eth0", "--i-know", "--out", "/run/plan.json")
    assert (code, found["network-disk"][0]) == (0, "warn")
    assert lab.bridgekit("apply", "--plan", "/run/plan.json", "--yes").code == 0


def test_a_disk_over_another_nic(lab: Lab) -> None:
    start(lab, DISK, "192.168.2.1")
    assert plan(lab) == (0, {})


def test_a_disk_whose_way_cannot_be_told(lab: Lab) -> None:
    start(lab, DISK, "files.example")
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
    start(lab, TUNNEL)
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
