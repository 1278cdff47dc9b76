"""Podman takes the same words as Docker: the same service, built and run by it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridgekit.lab.topology import Lab
from tests.support import dockerd, pxe

pytestmark = pytest.mark.xdist_group("engines")

# crun refuses machines with both cgroup versions; and few machines allow a million open files
CONTAINERS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""
STORAGE = """
[storage]
driver = "overlay"
graphroot = "{root}"
runroot = "/run/containers/storage"
"""


@pytest.fixture
def host(
    make_lab: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """A host with br0, and podman with an image that was built outside of the lab."""
    cache = dockerd.data_root().parent
    (tmp_path / "containers.conf").write_text(CONTAINERS)
    (tmp_path / "storage.conf").write_text(STORAGE.format(root=cache / "podman"))
    monkeypatch.setenv("CONTAINERS_CONF", str(tmp_path / "containers.conf"))
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    monkeypatch.setenv("BRIDGEKIT_CACHE_DIR", str(cache))
    build = (*(sys.executable, "-m", "bridgekit", "pxe", "build"), "--engine=podman", "--no-nat")
    # podman leaves mounts behind
    apart = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh")
    subprocess.run((*apart, *build), check=True, stdout=subprocess.DEVNULL)
    yield pxe.bridged(make_lab())


@pytest.mark.all
def test_up_and_down(host: Lab) -> None:
    done = host.bridgekit("pxe", "up", "br0", "--engine=podman", "--beside-dhcp", timeout=120)
    assert done.code == 0, done.stderr
    (shown,) = json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"]
    assert (shown["engine"], shown["running"]) == ("podman", True)
    pxe.client(host)
    host.run("wire", "ip", "netns", "exec", "client", "ping", "-c", "1", "-W", "5", pxe.WORLD)
    assert "pxe: serving" in host.bridgekit("pxe", "logs", "br0").stdout
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert host.run("host", "podman", "ps", "--all", "--quiet").stdout == ""
    ports = host.run("host", "ip", "-o", "link", "show", "master", "br0").stdout
    assert ports.count("\n") == 1
