"""Docker's engine, really building and running the image; it runs inside the lab host itself."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridgekit.assets import asset
from bridgekit.lab.topology import Lab
from tests.support import dockerd, pxe
from tests.support.programs import program

pytestmark = pytest.mark.xdist_group("engines")

REPOSITORY = asset("pxe").parent
CLASSIC = "pxe"


@pytest.fixture(scope="module")
def images() -> Iterator[Path]:
    """Both images, built outside of any lab: only there Debian's archive can be reached."""
    data = dockerd.data_root()
    with dockerd.beside_the_machine(data) as address:
        dockerd.build_image(address)
        classic = ("build", "--quiet", "--network=host", f"--tag={CLASSIC}", REPOSITORY)
        result = ("docker", "--host", address, *classic)
        subprocess.run(result, check=True, stdout=subprocess.DEVNULL)
    yield data


@pytest.fixture
def host(
    images: Path, make_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """A host with br0, and Docker with its own bridge and iptables."""
    lab = pxe.bridged(make_lab())
    monkeypatch.setenv("BRIDGEKIT_CACHE_DIR", str(images.parent))
    with dockerd.inside(lab, images) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        rules = lab.run("host", "iptables", "-S").stdout
        yield lab
        left = docker(lab, "ps", "--all", "--quiet").split()
        docker(lab, "rm", "--force", *left) if left else None
        assert left == []
        assert lab.run("host", "iptables", "-S").stdout == rules


def docker(lab: Lab, *arguments: str) -> str:
    return lab.run("host", "docker", *arguments, timeout=120).stdout.strip()


def wait_until_it_serves(lab: Lab, container: str) -> str:
    command = ("timeout", "30", "docker", "logs", "--follow", container)
    with lab.popen("host", *command, stdout=subprocess.PIPE, text=True) as log:
        line = next((line for line in log.stdout if "pxe: serving" in line), "")
        log.kill()
    return line


def ports(lab: Lab) -> list[str]:
    shown = json.loads(lab.run("host", "ip", "-j", "link", "show", "master", "br0").stdout)
    return sorted(link["ifname"] for link in shown)


def assert_the_world_answers(lab: Lab) -> None:
    pxe.client(lab)
    lab.run("segment", *pxe.IN_CLIENT, "ping", "-c", "1", "-W", "5", pxe.WORLD)


def test_the_classic_way(host: Lab) -> None:
    """docker run, then attach: it waits for eth1 and takes its subnet from it."""
    container = docker(host, "run", "--cap-add", "NET_ADMIN", "-d", CLASSIC)
    done = host.bridgekit("attach", "br0", container, "192.168.242.1/24")
    assert (done.code, done.stderr) == (0, ""), done
    line = wait_until_it_serves(host, container)
    assert "192.168.242.101 to 192.168.242.199 on eth1 (192.168.242.1/24), lease 1h" in line
    assert_the_world_answers(host)
    tftp = (*pxe.IN_CLIENT, *program("tftp_get", "pxelinux.cfg/default"))
    assert "LABEL debian13" in host.run("segment", *tftp).stdout
    assert host.bridgekit("detach", "br0", container).code == 0
    docker(host, "stop", "--time", "5", container)
    assert docker(host, "inspect", "--format", "{{.State.ExitCode}}", container) == "0"
    assert host.bridgekit("attach", "br0", container, "192.168.242.1/24").code == 3
    docker(host, "rm", container)
    assert ports(host) == ["eth0"]


def test_settings_and_another_subnet(host: Lab) -> None:
    settings = ("PXE_RANGE=10.7.0.20,10.7.0.30", "PXE_LEASE=20m", "PXE_NAT=no", "PXE_APPEND=a=b")
    environment = (word for setting in settings for word in ("-e", setting))
    container = docker(host, "run", "--cap-add", "NET_ADMIN", *environment, "-d", CLASSIC)
    assert host.bridgekit("attach", "br0", container, "10.7.0.1/24").code == 0
    line = wait_until_it_serves(host, container)
    assert "10.7.0.20 to 10.7.0.30 on eth1 (10.7.0.1/24), lease 20m, nat no" in line
    menu = docker(host, "exec", container, "cat", "/srv/tftp/pxelinux.cfg/default")
    assert "a=b --- quiet" in menu
    assert host.bridgekit("detach", "br0", container).code == 0
    assert ports(host) == ["eth0"]
    docker(host, "rm", "--force", container)


def test_on_the_hosts_network(host: Lab) -> None:
    """Without attach: the interface by its name, and which of its addresses."""
    host.ip("host", "address add 192.168.242.1/24 dev br0")
    before = host.run("host", "nft", "list", "tables").stdout
    words = ("-e", "PXE_INTERFACE=br0", "-e", "PXE_ADDRESS=192.168.242.1/24")
    run = ("run", "--network=host", "--cap-add", "NET_ADMIN", *words, "-d", CLASSIC)
    container = docker(host, *run)
    assert "on br0 (192.168.242.1/24)" in wait_until_it_serves(host, container)
    pxe.client(host)
    tftp = (*pxe.IN_CLIENT, *program("tftp_get", "pxelinux.cfg/default"))
    assert "LABEL debian13" in host.run("segment", *tftp).stdout
    docker(host, "stop", "--time", "5", container)
    docker(host, "rm", container)
    assert host.run("host", "nft", "list", "tables").stdout == before


@pytest.mark.parametrize("engine", ["docker", "auto"])
def test_up_and_down(host: Lab, engine: str) -> None:
    links = host.run("host", "ip", "-o", "link").stdout.count("\n")
    done = host.bridgekit("pxe", "up", "br0", "--engine", engine, "--beside-dhcp", timeout=120)
    assert done.code == 0, done.stderr
    (shown,) = json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"]
    assert (shown["engine"], shown["running"]) == ("docker", True)
    settings = "{{.HostConfig.CapDrop}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.NetworkMode}}"
    assert docker(host, "inspect", "--format", settings, shown["name"]) == "[ALL] true bridge"
    assert_the_world_answers(host)
    assert "pxe: serving" in host.bridgekit("pxe", "logs", "br0").stdout
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert ports(host) == ["eth0"]
    assert host.run("host", "ip", "-o", "link").stdout.count("\n") == links


def test_a_container_that_someone_else_removed(host: Lab) -> None:
    assert host.bridgekit("pxe", "up", "br0", "--engine", "docker", "--beside-dhcp").code == 0
    (shown,) = json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"]
    docker(host, "rm", "--force", shown["name"])
    (shown,) = json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"]
    assert not shown["running"]
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"] == []
