"""How far each client has come, as `pxe status` tells of a service that runs."""

import json
from typing import Any

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support import pxe
from tests.support.json_docs import documented
from tests.support.programs import program

MAC = "02:00:00:00:09:07"
FIRMWARE = ("udhcpc", "-i", "eth0", "-f", "-q", "-n", "-V", "PXEClient:Arch:00007:UNDI:003000")
SERVER = "http://192.168.242.1"


@pytest.fixture
def host(served: Lab) -> Lab:
    """A host whose service runs, and a client on its segment with this MAC address."""
    served.run("segment", "ip", "-n", "client", "link", "set", "eth0", "address", MAC)
    return served


def client(lab: Lab) -> dict[str, Any]:
    (service,) = json.loads(lab.bridgekit("pxe", "status", "--json").stdout)["services"]
    (found,) = service["clients"]
    assert service.keys() == documented()["a service"]
    assert found.keys() == documented()["a client of a service"]
    assert found["mac"] == MAC
    one: dict[str, Any] = found
    return one


def lease(lab: Lab) -> None:
    """Ask as firmware does, and take the address that was given."""
    lab.run("segment", *pxe.IN_CLIENT, *FIRMWARE, "-s", "/bin/true")
    address = client(lab)["way"][0]["what"]
    for words in ("flush dev eth0 scope global", f"add {address}/24 dev eth0"):
        lab.run("segment", "ip", "-n", "client", "address", *words.split())


def test_a_client_on_its_way(host: Lab) -> None:
    """It goes on where it was after the service was killed."""
    lease(host)
    assert client(host)["stage"] == "address"
    host.run("segment", *pxe.IN_CLIENT, *program("tftp_get", "bootnetx64.efi"))
    assert client(host)["stage"] == "loader"
    (first, *_) = host.run("host", "pgrep", "-f", "bootserver").stdout.split()
    host.run("host", "kill", "-9", first)
    host.run("host", "sh", "-c", f"while kill -0 {first} 2>&-; do :; done")
    fetch = f"until curl -sf -o /dev/null {SERVER}/debian/13/amd64/linux; do :; done"
    host.run("segment", *pxe.IN_CLIENT, "sh", "-c", fetch)
    shown = host.bridgekit("pxe", "status").stdout
    assert f"{MAC}  kernel, " in shown
    assert [seen["stage"] for seen in client(host)["way"]] == ["address", "loader", "kernel"]
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_watching(host: Lab) -> None:
    watch = (*BRIDGEKIT, "pxe", "status", "br0", "--watch")
    with host.popen("host", *watch, stdout=-1, text=True) as process:
        try:
            assert MAC not in "".join(process.stdout.readline() for _ in range(4))
            lease(host)
            assert any(f"{MAC}  address" in line for line in process.stdout)
        finally:
            process.kill()


def test_the_page_is_for_the_wire_and_read_only(host: Lab) -> None:
    lease(host)
    page = (*pxe.IN_CLIENT, "curl", "-s", "-w", "%{http_code}", f"{SERVER}/clients")
    result = host.run("segment", *page).stdout
    assert json.loads(result[:-3])[0]["mac"] == MAC and result.endswith("200")
    for method in ("POST", "DELETE", "PUT"):
        assert host.run("segment", *page, "-X", method).stdout.endswith("403")


def test_nothing_of_the_hosts_is_read(host: Lab) -> None:
    """Not if the service put a link or a pipe where its notes are."""
    inside = f"/proc/{host.run('host', 'pgrep', '-o', '-f', 'bootserver').stdout.strip()}/root"
    for bait in (f"ln -s /etc/passwd {inside}/run/pxe/silent", f"mkfifo {inside}/run/pxe/silent"):
        host.run("host", "sh", "-c", f"rm -f {inside}/run/pxe/silent; {bait}")
        (service,) = json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"]
        assert service["rival"] == ""
