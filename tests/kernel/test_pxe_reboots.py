"""The PXE service under systemd: it outlives its starter, and a reboot brings it back."""

import json
from pathlib import Path

import pytest

from bridgekit.system.process import run
from tests.support import dockerd, guest, podman, pxe
from tests.support.programs import program_text, shell_text
from tests.support.systemd_guest import Machine, booted, layered

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("engines")]

SERVICES = {
    "br0": ("docker", "192.168.242.1/24"),
    "br1": ("podman", "192.168.243.1/24"),
    "br2": ("native", "192.168.244.1/24"),
}
APPLY = (
    *("bridgekit", "apply", "eth0", "--yes", "--with-pxe", "--pxe-engine", "docker"),
    *("--pxe-beside-dhcp", "--pxe-no-nat"),
)

UP = ("bridgekit", "pxe", "up", "--beside-dhcp", "--no-nat")


@pytest.fixture
def more(tmp_path: Path) -> tuple[str, ...]:
    """QEMU's arguments for what the engines have: their images, and native's root file system."""
    pxe.ensure_root()
    dockerd.ensure_image()
    podman.ensure_image(tmp_path)
    drives: list[str] = []
    for tree in (dockerd.data_root(), podman.data_root()):
        image = tmp_path / f"{tree.name}.ext4"
        run("mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(image), "2G", timeout=300)
        drives += ("-drive", f"file={image},format=raw,if=virtio")
    return (*drives, *guest.folder("cache", pxe.CACHE, "readonly=on"))


def shell(machine: Machine, name: str) -> None:
    machine.run("sh", "-euc", shell_text(name))


def all_serve(machine: Machine) -> None:
    """A client on each bridge gets the menu from there."""
    for number in (2, 3, 4):
        url = f"http://192.168.24{number}.1/menu/bios.ipxe"
        fetch = ("timeout", "200", *program_text("http_get", url, "6"))
        assert machine.run("ip", "netns", "exec", f"client{number}", *fetch) == "#!ipxe"


def vlans_are_mended(machine: Machine) -> None:
    """A client whose port is in no VLAN gets no address; the check finds that, and it boots."""
    netboot = ("ip", "netns", "exec", "client4", "sh", "-euc", shell_text("netboot_native"))
    machine.run("ip", "link", "set", "br2", "type", "bridge", "vlan_filtering", "1")
    machine.run("bridge", "vlan", "del", "dev", "port4", "vid", "1")
    assert machine.ask(*netboot)[0] != 0
    code, said, _ = machine.ask("bridgekit", "pxe", "check", "br2", "--fix")
    assert (code, "nothing keeps clients of br2 from booting" in said) == (0, True), said
    assert [int(size) > 10_000_000 for size in machine.run(*netboot).split()] == [True, True]


def test_each_engine_comes_back(disk: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    """After a crash, a restart of the engine, and a reboot."""
    layer = layered(disk, tmp_path / "pxe")
    with booted(layer, more=more) as machine:
        shell(machine, "mount_cache")
        shell(machine, "add_bridges")
        machine.run("systemctl", "start", "docker")
        for bridge, (engine, address) in SERVICES.items():
            own = (bridge, "--engine", engine, "--address", address)
            machine.run(
                "env", "BRIDGEKIT_CACHE_DIR=/mnt", *(APPLY if bridge == "br0" else (*UP, *own))
            )
        shell(machine, "add_clients")
        all_serve(machine)
        vlans_are_mended(machine)
        machine.run("pkill", "-9", "-f", "bootserver")
        all_serve(machine)
        machine.run("systemctl", "restart", "docker")
        all_serve(machine)
        machine.shut_down()
    with booted(layer, more=more) as machine:
        shell(machine, "mount_cache")
        machine.run("systemctl", "start", "networking.service", "multi-user.target")
        shell(machine, "add_clients")
        all_serve(machine)
        for bridge in SERVICES:
            machine.run("bridgekit", "pxe", "down", bridge)
            assert machine.ask("systemctl", "cat", f"bridgekit-pxe-{bridge}-host.service")[0] != 0
        left = "docker ps -aq; podman ps -aq; docker volume ls -q"
        assert machine.run("sh", "-euc", left) == ""
        links = json.loads(machine.run("ip", "-j", "link", "show", "type", "veth"))
        assert {link["ifname"] for link in links} == {"port2", "port3", "port4"}
        assert machine.ask("pgrep", "-f", "bootserver|pxe keep")[1] == ""
