"""The PXE service under systemd: it outlives its starter, and a reboot brings it back."""

import json
from pathlib import Path

import pytest

from tests.support import guest, pxe
from tests.support.systemd_guest import Machine, booted, layered

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("guests")]

MOUNT = (
    "mount",
    "-t",
    "9p",
    "-o",
    "trans=virtio,version=9p2000.L,ro,msize=262144",
    "cache",
    "/mnt",
)
APPLY = ("bridgekit", "apply", "eth0", "--yes", "--with-pxe", "--pxe-engine", "native")
OPTIONS = ("--pxe-beside-dhcp", "--pxe-no-nat")
UNIT = "bridgekit-pxe-br0-host.service"
UNTIL_IT_SERVES = """
until bridgekit pxe status --json | grep -q '"running": true'; do sleep 1; done
ip -j link show master br0
"""


def with_cache(machine: Machine) -> None:
    """The service's root file system comes from the host; the guest reads it only."""
    machine.run("modprobe", "-a", "9pnet_virtio", "9p")
    machine.run(*MOUNT)


def ports(machine: Machine) -> int:
    return len(json.loads(machine.run("sh", "-c", UNTIL_IT_SERVES)))


def test_a_reboot_brings_it_back(disk: Path, tmp_path: Path) -> None:
    pxe.ensure_root()
    layer, cache = layered(disk, tmp_path / "pxe"), guest.folder("cache", pxe.CACHE, "readonly=on")
    with booted(layer, more=cache) as machine:
        with_cache(machine)
        machine.run("env", "BRIDGEKIT_CACHE_DIR=/mnt", *APPLY, *OPTIONS)
        assert ports(machine) == 2
        assert machine.run("systemctl", "is-active", UNIT) == "active\n"
        machine.run("pkill", "-9", "-f", "bootserver")
        assert ports(machine) == 2
        machine.shut_down()
    with booted(layer, more=cache) as machine:
        with_cache(machine)
        machine.run("systemctl", "start", "networking.service", "multi-user.target")
        assert ports(machine) == 2
        machine.run("bridgekit", "pxe", "down")
        assert machine.ask("systemctl", "cat", UNIT)[0] != 0
        assert len(json.loads(machine.run("ip", "-j", "link", "show", "master", "br0"))) == 1
        assert machine.ask("pgrep", "-f", "bootserver|pxe keep")[1] == ""
