"""The native engine: serves, routes, and leaves nothing behind, however it ends."""

import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bridgekit.lab import state_dump
from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from bridgekit.pxe.engines import rootfs
from bridgekit.pxe.spec import PxeSpec
from tests.support import pxe
from tests.support.programs import program


@pytest.fixture
def host(make_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A host whose eth0 is a port of br0, and a root file system for the service."""
    monkeypatch.setenv("BRIDGEKIT_CACHE_DIR", str(pxe.CACHE))
    pxe.ensure_root()
    return pxe.bridged(make_lab())


def state(lab: Lab) -> tuple[state_dump.StateDump, str, str, int]:
    host = lab.hosts["host"]
    host.settle()
    return (
        state_dump.dump(host),
        host.run("nft", "list", "ruleset").stdout,
        host.sysctl("net.ipv4.ip_forward"),
        host.run("ps", "ax", "-o", "args").stdout.count("bootserver"),
    )


def assert_same(before: tuple[state_dump.StateDump, str, str, int], lab: Lab) -> None:
    after = state(lab)
    assert before[0].difference(after[0]) == []
    assert before[1:] == after[1:]
    assert list((Path(lab_state(lab)) / "pxe").glob("*pxe-*")) == []


def lab_state(lab: Lab) -> str:
    """The host's state directory, as this process sees it."""
    return f"/proc/{lab.hosts['host'].pid}/root/var/lib/bridgekit"


def test_it_serves_and_goes(host: Lab) -> None:
    before = state(host)
    options = ("--engine", "native", "--append", "console=ttyS0 token=abc", "--lease", "30m")
    assert host.bridgekit("pxe", "up", "br0", *options).code == 0
    pxe.client(host)
    inside = pxe.IN_CLIENT
    for menu in ("pxelinux.cfg/default", "debian-installer/amd64/grub/grub.cfg"):
        text = host.run("segment", *inside, *program("tftp_get", menu)).stdout
        assert text.count("console=ttyS0 token=abc") >= 5
        assert (
            host.run(
                "segment", *inside, *program("http_get", f"http://192.168.242.1/{menu}")
            ).stdout
            == text
        )
    for file in ("lpxelinux.0", "ldlinux.c32", "bootnetx64.efi", "grubx64.efi"):
        content = host.run("segment", *inside, *program("tftp_get", file)).stdout
        assert len(content) > 10000
    host.run("segment", *inside, "ping", "-c", "1", "-W", "5", pxe.WORLD)
    again = host.bridgekit("pxe", "up", "br0", *options)
    assert again.code == 0 and "nothing to do" in again.stdout, again
    (shown,) = json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"]
    assert (shown["engine"], shown["running"], shown["service"]["lease"]) == ("native", True, "30m")
    assert "pxe: serving" in host.bridgekit("pxe", "logs", "br0").stdout
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert_same(before, host)
    assert "nothing to do" in host.bridgekit("pxe", "down", "br0").stdout


def test_few_rights(host: Lab) -> None:
    pxe.up(host)
    pids = host.run("host", "pgrep", "-x", "dnsmasq").stdout.split()
    (pid,) = pids
    status = host.run("host", "cat", f"/proc/{pid}/status").stdout
    assert re.search(r"^Uid:\s+65534\s+65534", status, re.M)
    # NET_BIND_SERVICE, NET_ADMIN, NET_RAW
    assert re.findall(r"^Cap(?:Prm|Eff|Bnd):\s+0*(\w+)$", status, re.M) == ["3400"] * 3
    assert "NoNewPrivs:\t1" in status
    mounts = host.run("host", "cat", f"/proc/{pid}/mounts").stdout.splitlines()
    roots = [line.split()[3] for line in mounts if line.split()[1] == "/"]
    assert [options.split(",")[0] for options in roots] == ["ro"]
    home = next((Path(lab_state(host)) / "pxe").glob("bridgekit-pxe-*"))
    assert [oct(path.stat().st_mode & 0o777) for path in (home, home / "log")] == ["0o700", "0o600"]


def test_it_listens_on_its_clients_link_alone(host: Lab) -> None:
    """Not on its loopback, and not where the host reaches it, as ss(8) sees its sockets."""
    pxe.up(host, "--ipv6", "fd00:242::1/64")
    pid = host.run("host", "pgrep", "-o", "-f", "bootserver").stdout.strip()
    inside = ("nsenter", f"--target={pid}", "--net")
    shown = json.loads(host.run("host", *inside, "ip", "-j", "address", "show", "eth1").stdout)
    own = {one["local"] for one in shown[0]["addr_info"]}
    listening = set()
    for line in host.run("host", *inside, "ss", "-H", "-lntu").stdout.splitlines():
        address, _, port = line.split()[4].rpartition(":")
        listening.add(int(port))
        address, _, link = address.replace("[", "").replace("]", "").partition("%")
        assert link == "eth1" or address in own, line
    assert listening == {53, 67, 69, 80, 547}


def test_no_nat(host: Lab) -> None:
    before = state(host)
    pxe.up(host, "--no-nat")
    assert host.run("host", "nft", "list", "ruleset").stdout == before[1]
    assert host.hosts["host"].sysctl("net.ipv4.ip_forward") == before[2]
    pxe.client(host)
    inside = (*pxe.IN_CLIENT, "ping", "-c", "1", "-W", "1")
    assert host.run("segment", *inside, "192.168.242.1").code == 0
    assert host.run("segment", *inside, pxe.WORLD, check=False).code != 0
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert_same(before, host)


def forwarding(lab: Lab) -> list[str]:
    """The forwarding switches of every link, as sysctl(8) prints them."""
    names = r"^net\.ipv4\.(ip_forward$|conf\..*\.forwarding$)"
    return sorted(lab.run("host", "sysctl", "-a", "-r", names).stdout.splitlines())


def test_links_that_forwarded_alone_do_so_again(host: Lab) -> None:
    """The kernel sets every link when the host's own switch changes: ip-sysctl.rst, ip_forward."""
    host.run("host", "sysctl", "-w", "net.ipv4.conf.eth1.forwarding=1")
    before = forwarding(host)
    assert "net.ipv4.conf.eth1.forwarding = 1" in before
    assert {"net.ipv4.ip_forward = 0", "net.ipv4.conf.br0.forwarding = 0"} <= set(before)
    pxe.up(host)
    assert {"net.ipv4.ip_forward = 1", "net.ipv4.conf.br0.forwarding = 1"} <= set(forwarding(host))
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert forwarding(host) == before


def test_a_start_that_fails_is_taken_back(host: Lab, tmp_path: Path) -> None:
    """The root is there but empty: nothing in it can be run."""
    before = state(host)
    rootfs.path_of(PxeSpec(engine="native"), tmp_path).mkdir()
    how = {"env": {"BRIDGEKIT_CACHE_DIR": str(tmp_path)}}
    done = host.bridgekit("pxe", "up", "br0", "--engine", "native", "--beside-dhcp", **how)
    assert (done.code, "was rolled back" in done.stderr) == (7, True), done.stderr
    assert_same(before, host)


def test_the_command_is_killed_half_way(host: Lab) -> None:
    before = state(host)
    argv = (*BRIDGEKIT, "pxe", "up", "br0", "--engine", "native")
    with host.popen("host", *argv, "--beside-dhcp", stderr=subprocess.PIPE, text=True) as command:
        assert any("starting" in line for line in command.stderr)
        links = "until ip link show type veth | grep -q bkp; do :; done"
        host.run("host", "sh", "-c", links)
        command.send_signal(signal.SIGKILL)
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert_same(before, host)


def test_hosts_that_share_a_state_directory(
    host: Lab, make_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    other = pxe.bridged(make_lab())
    shared = ("--state-dir", str(tmp_path))
    pxe.up(host, *shared)
    assert json.loads(other.bridgekit("pxe", "status", "--json", *shared).stdout)["services"] == []
    assert "nothing to do" in other.bridgekit("pxe", "down", "br0", *shared).stdout
    (shown,) = json.loads(host.bridgekit("pxe", "status", "--json", *shared).stdout)["services"]
    assert shown["running"]
    assert host.bridgekit("pxe", "down", "br0", *shared).code == 0


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("br0", "--address", "192.168.1.9/24"), 3, "overlaps 192.168.1.0/24"),
        (("br0", "--address", "10.99.7.1/24"), 3, "overlaps 10.99.0.0/16"),
        (("br0", "--address", "192.168.242.101/24"), 2, "inside the range"),
        (("br0", "--range", "192.168.242.9"), 2, "FIRST,LAST"),
        (("br0", "--mode", "lan", "--address", "10.7.0.1/24"), 3, "no subnet of this host"),
        (("br0", "--mode", "lan", "--ipv6", "fd00:242::1/64"), 2, "needs the mode isolated"),
        (("br9",), 3, "there is no link br9"),
        (("eth1",), 3, "no bridge"),
        (("br0", "--image", "x"), 3, "runs no image"),
    ],
)
def test_bad_input(host: Lab, options: tuple[str, ...], code: int, sentence: str) -> None:
    before = state(host)
    done = host.bridgekit("pxe", "up", *options, "--engine", "native", "--beside-dhcp")
    assert (done.code, sentence in done.stderr) == (code, True), done.stderr
    assert_same(before, host)
