"""Podman takes the same words as Docker: the same service, built and run by it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridgekit.lab.topology import Lab
from tests.support import podman, pxe

pytestmark = pytest.mark.xdist_group("engines")


@pytest.fixture
def host(
    make_lab: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """A host with br0, and podman with an image that was built outside of the lab."""
    podman.ensure_image(tmp_path)
    for name, value in podman.settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    yield pxe.bridged(make_lab())


@pytest.mark.all
def test_up_and_down(host: Lab) -> None:
    done = host.bridgekit("pxe", "up", "br0", "--engine=podman", "--beside-dhcp", timeout=120)
    assert done.code == 0, done.stderr
    (shown,) = json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"]
    assert (shown["engine"], shown["running"]) == ("podman", True)
    pxe.client(host)
    host.run("segment", *pxe.IN_CLIENT, "ping", "-c", "1", "-W", "5", pxe.WORLD)
    assert "pxe: serving" in host.bridgekit("pxe", "logs", "br0").stdout
    assert host.bridgekit("pxe", "down", "br0").code == 0
    assert host.run("host", "podman", "ps", "--all", "--quiet").stdout == ""
    ports = host.run("host", "ip", "-o", "link", "show", "master", "br0").stdout
    assert ports.count("\n") == 1
