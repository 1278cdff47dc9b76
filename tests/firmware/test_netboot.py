"""Real firmware netboots, each time with a random token of this very run on its kernel's line."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridgekit.bootserver.timeline import STAGES
from bridgekit.lab.client import Client
from bridgekit.lab.firmware import INSTALLER, Firmware
from bridgekit.lab.topology import Lab
from tests.support import dhcp_servers, firmware_table, pxe
from tests.support.browser import browser
from tests.support.netboot import AUTO_MAC, KERNEL, Served, build, serve

pytestmark = pytest.mark.xdist_group("engines")

PICTURE = Path(__file__).parents[2] / "docs/page.png"
EVERY = ["bios", "bios-plain", "uefi", "http", "secure", "ipv6", "arm64"]


def test_uefi_on_the_wire(native: Served) -> None:
    native.boots("uefi")


@pytest.mark.all
@pytest.mark.parametrize("firmware", [one for one in EVERY if one != "uefi"])
def test_on_the_wire(native: Served, firmware: Firmware) -> None:
    native.boots(firmware, "Secure Boot, says the kernel" if firmware == "secure" else KERNEL)


@pytest.mark.all
def test_an_installer_that_asks_nothing(native: Served) -> None:
    """It takes the answers that were made for its machine; this lab has no mirror to go on with."""
    with Client(native.lab, "uefi", mac=AUTO_MAC) as client:
        client.wait_for("Checking the Debian archive mirror", 400)
        assert not re.search(INSTALLER.pattern, client.console)
    assert f"answered preseed.cfg for {AUTO_MAC}" in native.log()


@pytest.mark.all
def test_the_page_follows_a_netboot(native: Served, tmp_path: Path) -> None:
    """In a browser that was there first; with script/firmware its picture is that of the docs."""
    lab, mac = native.lab, "52:54:00:c1:00:0d"
    pxe.client(lab)
    found = (
        f"[...document.querySelectorAll('article')].find(one => one.innerText.includes('{mac}'))"
    )
    stage = f"{found}?.querySelector('[aria-current]').innerText.split(',')[0]"
    with browser(lab, "segment", tmp_path / "chromium", *pxe.IN_CLIENT) as page:
        page.open("http://192.168.242.1/")
        page.value(f"""window.way = []; new MutationObserver(() => {{
            const stage = {stage};
            if (stage && way.at(-1) !== stage) way.push(stage);
        }}).observe(document.getElementById("machines"), {{childList: true}})""")
        with Client(lab, "uefi", mac=mac) as client:
            list(client.netboot(native.token, KERNEL))
        page.wait_for(f"{stage} === 'initrd'")
        way = page.value("way")
        assert way == sorted(way, key=STAGES.index) and len(way) > 2, way
        assert page.value(f"{found}.innerText").count(", after ") == 4
        page.picture(PICTURE if firmware_table.wanted() else tmp_path / "page.png")


@pytest.mark.all
def test_an_initrd_that_cannot_be_had_at_once(native: Served) -> None:
    """GRUB goes on after a command that failed: it would start the kernel without it."""
    with Client(native.lab, "uefi") as client:
        client.wait_for("Loading the kernel", 120)
        with no_new_connection(native.lab):
            client.wait_for("It could not be loaded", 120)
        client.wait_for(client.stages(native.token)[-2].pattern, 120)
        assert client.console.count("Loading the initial RAM disk") > 1


@contextmanager
def no_new_connection(lab: Lab) -> Iterator[None]:
    """The kernel that is being fetched gets through; what comes after it does not."""
    rule = "tcp dport 80 tcp flags & (syn | ack) == syn drop"
    chain = f"chain one {{ type filter hook prerouting priority 0; {rule}; }}"
    lab.run("host", "nft", f"table bridge closed {{ {chain}; }}")
    try:
        yield
    finally:
        lab.run("host", "nft", "delete table bridge closed")


@pytest.mark.all
def test_a_virtual_machine_on_br0(native: Served) -> None:
    native.boots("uefi", where="host", bridge="br0")


@pytest.mark.all
@pytest.mark.parametrize("firmware", EVERY if firmware_table.wanted() else ["bios", "http"])
def test_docker_serves_the_wire(docker: Served, firmware: Firmware) -> None:
    """With script/firmware each of them, and as far as the installer."""
    docker.boots(firmware)


@pytest.mark.all
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_beside_another_dhcp_server(
    environment: pytest.MonkeyPatch, site: Path, firmware: Firmware
) -> None:
    """The other one gives the address, and the service what to boot."""
    build("native")
    with (
        Lab(f"proxy{os.getpid()}") as lab,
        dhcp_servers.server(lab, "192.168.1.200", "192.168.1.220"),
    ):
        served = serve(lab, "native", site, "--pxe-mode", "auto")
        served = replace(served, engine="native (beside another DHCP server)")
        served.boots(firmware)
        assert "proxy" in served.log()
        assert served.mac(firmware) in lab.run("gateway", "cat", dhcp_servers.LEASES).stdout
        assert lab.bridgekit("rollback", "--yes").code == 0


def test_the_client_leaves_nothing(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    with Client(lab, "bios") as client:
        client.wait_for("SeaBIOS|iPXE", 60)
        assert "tap" in lab.run("segment", "ip", "-br", "link").stdout
    assert "tap" not in lab.run("segment", "ip", "-br", "link").stdout
