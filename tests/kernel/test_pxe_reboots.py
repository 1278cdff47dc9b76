"""The PXE service under systemd: it outlives its starter, and a reboot brings it back."""

import json
from pathlib import Path

import pytest

from bridgekit.system.process import run
from tests.support import dockerd, guest, podman, pxe
from tests.support.systemd_guest import Machine, booted, layered

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("engines")]

MOUNTS = """
modprobe -a 9pnet_virtio 9p
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144 cache /mnt
mkdir -p /var/lib/docker /var/lib/containers/storage
mount /dev/vdb /var/lib/docker
mount /dev/vdc /var/lib/containers/storage
systemctl start dbus  # crun asks systemd by it
"""
FIRST = """
rm -r /var/lib/containers/storage/libpod  # knows the place where it was made
for bridge in br1 br2; do
    printf 'auto %s\niface %s inet manual\n    bridge_ports none\n' $bridge $bridge
done >> /etc/network/interfaces
ifup br1 br2
"""
CLIENTS = """
for number in 2 3 4; do
    bridge=br$((number - 2)) client=client$number
    ip netns add $client
    ip link add port$number up master $bridge type veth peer name eth0 netns $client
    ip -n $client address add 192.168.24$number.50/24 dev eth0
    ip -n $client link set eth0 up
done
"""
SERVICES = {
    "br0": ("docker", "192.168.242.1/24"),
    "br1": ("podman", "192.168.243.1/24"),
    "br2": ("native", "192.168.244.1/24"),
}
APPLY = (
    *("bridgekit", "apply", "eth0", "--yes", "--with-pxe", "--pxe-engine", "docker"),
    *("--pxe-beside-dhcp", "--pxe-no-nat"),
)

NETBOOT = """
ip address flush dev eth0
timeout 20 dhclient -1 -4 -lf /run/client.leases -pf /run/client.pid eth0 2>&-
for file in linux initrd.gz; do
    python3 -c 'import sys, urllib.request as u; print(len(u.urlopen(sys.argv[1]).read()))' \\
        http://192.168.244.1/debian/13/amd64/$file
done
ip address flush dev eth0
kill $(cat /run/client.pid)
ip address add 192.168.244.50/24 dev eth0
"""
UP = ("bridgekit", "pxe", "up", "--beside-dhcp", "--no-nat")
FETCH = """
import sys, time, urllib.request
while True:
    try:
        print(urllib.request.urlopen(sys.argv[1], timeout=5).read(6).decode())
        break
    except OSError:
        time.sleep(0.5)
"""


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


def shell(machine: Machine, lines: str) -> str:
    return machine.run("sh", "-euc", lines)


def all_serve(machine: Machine) -> None:
    """A client on each bridge gets the menu from there."""
    for number in (2, 3, 4):
        url = f"http://192.168.24{number}.1/menu/bios.ipxe"
        fetch = ("timeout", "200", "python3", "-P", "-c", FETCH, url)
        assert machine.run("ip", "netns", "exec", f"client{number}", *fetch) == "#!ipxe\n"


def vlans_are_mended(machine: Machine) -> None:
    """A client whose port is in no VLAN gets no address; the check finds that, and it boots."""
    netboot = ("ip", "netns", "exec", "client4", "sh", "-euc", NETBOOT)
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
        shell(machine, MOUNTS + FIRST)
        machine.run("systemctl", "start", "docker")
        for bridge, (engine, address) in SERVICES.items():
            own = (bridge, "--engine", engine, "--address", address)
            machine.run(
                "env", "BRIDGEKIT_CACHE_DIR=/mnt", *(APPLY if bridge == "br0" else (*UP, *own))
            )
        shell(machine, CLIENTS)
        all_serve(machine)
        vlans_are_mended(machine)
        machine.run("pkill", "-9", "-f", "bootserver")
        all_serve(machine)
        machine.run("systemctl", "restart", "docker")
        all_serve(machine)
        machine.shut_down()
    with booted(layer, more=more) as machine:
        shell(machine, MOUNTS)
        machine.run("systemctl", "start", "networking.service", "multi-user.target")
        shell(machine, CLIENTS)
        all_serve(machine)
        for bridge in SERVICES:
            machine.run("bridgekit", "pxe", "down", bridge)
            assert machine.ask("systemctl", "cat", f"bridgekit-pxe-{bridge}-host.service")[0] != 0
        assert shell(machine, "docker ps -aq; podman ps -aq; docker volume ls -q") == ""
        links = json.loads(machine.run("ip", "-j", "link", "show", "type", "veth"))
        assert {link["ifname"] for link in links} == {"port2", "port3", "port4"}
        assert machine.ask("pgrep", "-f", "bootserver|pxe keep")[1] == ""
