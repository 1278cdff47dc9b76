"""A service whose process ends is what it was again: its interface, its address, its leases."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bridgekit.lab.topology import Lab
from tests.support import dockerd, pxe
from tests.support.programs import program

pytestmark = pytest.mark.xdist_group("engines")


@pytest.fixture
def host(make_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A host with br0, a client on its segment, and what the engines need."""
    monkeypatch.setenv("BRIDGEKIT_CACHE_DIR", str(pxe.CACHE))
    lab = pxe.bridged(make_lab())
    pxe.client(lab)
    return lab


def service(lab: Lab) -> dict[str, object]:
    (shown,) = json.loads(lab.bridgekit("pxe", "status", "--json").stdout)["services"]
    found: dict[str, object] = shown
    return found


def serving(lab: Lab) -> int:
    """Wait until a client on the segment gets a file by TFTP; return the container's process."""
    get = (*pxe.IN_CLIENT, *program("tftp_get", "menu/bios.ipxe"))
    for _ in range(60):  # each waits for an answer itself
        done = lab.run("segment", *get, check=False, timeout=30)
        if done.code == 0 and service(lab)["running"]:
            assert done.stdout.startswith("#!ipxe")
            return pid(lab)
    raise AssertionError(f"it does not serve again: {done.stderr}")


def pid(lab: Lab) -> int:
    """The service's first process, as the host counts."""
    found = lab.run("host", "pgrep", "-f", "bootserver").stdout.split()
    return min(map(int, found))


def leased(lab: Lab) -> str:
    """Make the client ask for an address, and return what the service has noted."""
    client = ("udhcpc", "-i", "eth0", "-n", "-q", "-s", "/bin/true", "-f")
    lab.run("segment", *pxe.IN_CLIENT, *client)
    return json.dumps(service(lab)["leases"])


def ports(lab: Lab) -> list[str]:
    shown = json.loads(lab.run("host", "ip", "-j", "link", "show", "master", "br0").stdout)
    return sorted(link["ifname"] for link in shown)


def gone(lab: Lab, before: int) -> None:
    lab.run("host", "bash", "-c", f"while kill -0 {before} 2>&-; do :; done")


def test_a_bridge_that_is_gone_is_not_made(host: Lab) -> None:
    """At boot the keeper may be quicker than ifup."""
    pxe.ensure_root()
    pxe.up(host)
    host.ip("host", "link delete br0")
    host.run("host", "kill", "-9", str(pid(host)))
    (keeper,) = host.run("host", "pgrep", "-f", "pxe keep").stdout.split()
    looked = (
        "timeout",
        "60",
        "strace",
        "-f",
        "-s",
        "200",
        "-e",
        "trace=sendto,sendmsg",
        "-p",
        keeper,
    )
    with host.popen("host", *looked, stderr=-1, text=True) as trace:
        assert any("RTM_GETLINK" in line for line in trace.stderr)
        trace.kill()
    assert host.run("host", "ip", "link", "show", "br0", check=False).code != 0
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_native_that_is_killed(host: Lab) -> None:
    pxe.ensure_root()
    pxe.up(host)
    known, first = leased(host), serving(host)
    host.run("host", "kill", "-9", str(first))
    gone(host, first)
    assert serving(host) != first
    assert json.dumps(service(host)["leases"]) == known != "[]"
    assert len(ports(host)) == 2
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert ports(host) == ["eth0"]
    assert host.run("host", "pgrep", "-f", "pxe keep|bootserver", check=False).stdout == ""


@pytest.mark.all
def test_docker_that_is_restarted(
    host: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `docker restart`, by the kernel, and with its engine."""
    images = dockerd.ensure_image()
    address = f"unix://{tmp_path}/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", address)
    with dockerd.inside(host, images, address):
        done = host.bridgekit("pxe", "up", "br0", "--engine", "docker", "--beside-dhcp")
        assert done.code == 0, done.stderr
        name, known, first = str(service(host)["name"]), leased(host), serving(host)
        host.run("host", "docker", "restart", name)
        second = serving(host)
        assert second != first
        host.run("host", "kill", "-9", str(second))
        gone(host, second)
        third = serving(host)
        assert third != second
    gone(host, third)
    with dockerd.inside(host, images, address):
        assert serving(host) != third
        assert json.dumps(service(host)["leases"]) == known != "[]"
        health = ("docker", "inspect", "--format", "{{json .State.Health}}", name)
        assert "unhealthy" not in host.run("host", *health).stdout
        run = ("docker", "exec", name, "/bin/sh", "/pxe/start", "health")
        assert host.run("host", *run).stdout == "well\n"
        assert host.bridgekit("pxe", "down", "br0").code == 0
        for what in (("ps", "--all", "--quiet"), ("volume", "ls", "--quiet")):
            assert host.run("host", "docker", *what).stdout == ""
    assert ports(host) == ["eth0"]
    assert host.run("host", "pgrep", "-f", "pxe keep", check=False).stdout == ""


def log(lab: Lab) -> str:
    return lab.bridgekit("pxe", "logs", "br0").stdout


@pytest.mark.parametrize("name", ["dnsmasq", "nginx: master", "nginx: worker"])
def test_a_part_that_is_killed_is_started_again(host: Lab, name: str) -> None:
    """In the middle of a download, which goes on or is asked for again."""
    pxe.ensure_root()
    pxe.up(host)
    first = serving(host)
    url = "http://192.168.242.1/debian/13/amd64/initrd.gz"
    get = f"until curl --silent --limit-rate 20M --output /dev/null {url}; do :; done"
    with host.popen("segment", *pxe.IN_CLIENT, "sh", "-c", get) as download:
        pids = host.run("host", "pgrep", "-f", name).stdout.split()
        host.run("host", "kill", "-9", *pids)
        assert download.wait(60) == 0
    assert serving(host) == first
    if "worker" not in name:
        assert "ended by itself (code -9); it is started again" in log(host)
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_a_range_that_runs_empty(host: Lab) -> None:
    pxe.ensure_root()
    pxe.up(host, "--range", "192.168.242.130,192.168.242.131", "--lease", "2m")
    serving(host)
    answers = []
    for last in range(3):
        link = (*pxe.IN_CLIENT, "ip", "link", "set", "eth0", "address")
        host.run("segment", *link, f"02:00:00:00:07:0{last}")
        client = ("udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "2", "-T", "2", "-s", "/bin/true")
        asked = host.run("segment", *pxe.IN_CLIENT, *client, check=False)
        answers.append(asked.code)
    assert answers == [0, 0, 1]
    assert "no address available" in log(host)
    assert service(host)["running"]
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_a_disk_that_is_full(host: Lab) -> None:
    """Neither leases nor log can be kept; clients are served all the same, and both go on later."""
    pxe.ensure_root()
    state = "/var/lib/bridgekit/pxe"
    host.run("host", "mkdir", "-p", state)
    host.run("host", "mount", "-t", "tmpfs", "-o", "size=1m", "none", state)
    pxe.up(host)
    first = serving(host)
    filled = host.run("host", "sh", "-c", f"cat /dev/zero > {state}/fill", check=False)
    assert "No space left" in filled.stderr
    for _ in range(5):  # more than what is left of the log's last page
        leased(host)
    assert serving(host) == first
    host.run("host", "rm", f"{state}/fill")
    before = log(host)
    assert leased(host) != "[]"
    assert serving(host) == first
    assert len(log(host)) > len(before)
    assert host.bridgekit("pxe", "down", "br0").code == 0
