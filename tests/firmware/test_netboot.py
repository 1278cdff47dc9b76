"""Real firmware netboots, each time with a random token of this very run on its kernel's line."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bridgekit.assets.pxe.bootserver.timeline import STAGES
from bridgekit.lab.client import Client, append_for
from bridgekit.lab.firmware import INSTALLER, Firmware
from bridgekit.lab.topology import Lab
from tests.support import dockerd, firmware_table, pxe, rivals
from tests.support.browser import browser

pytestmark = pytest.mark.xdist_group("engines")

CACHE = str(dockerd.data_root().parent)
IN_CLIENT = ("ip", "netns", "exec", "client")
PICTURE = Path(__file__).parents[2] / "docs/page.png"
BUILD_SECONDS = 1800
WITH_IPV6 = ("--pxe-ipv6", "fd00:242::1/64")
PLAIN_MAC, AUTO_MAC = "52:54:00:c1:00:0b", "52:54:00:c1:00:0c"
KERNEL = "kernel and initrd, with this run's token"
LINUX = re.compile(r'"GET /debian/13/(amd64|arm64)/linux HTTP/1\.[01]" 200 [0-9]{8}')
EVERY = ["bios", "bios-plain", "uefi", "http", "secure", "ipv6", "arm64"]
# A machine whose own iPXE is not trusted: it takes pxelinux, as one with a plain PXE ROM does
MACHINES = f"""
[machine."{PLAIN_MAC}"]
loader = "pxelinux"
[machine."{AUTO_MAC}"]
entry = "debian13-auto"
hostname = "node1"
data = {{ disk = "/dev/vda", user = "admin", password = "$6$x", mirror = "192.0.2.99/debian" }}
"""


# What ends a command in a script must not end the kernel's line
ODD = "odd=a;b=c"
CATALOGUE = f"""
[[entry]]
name = "debian13"
title = "Debian 13 (trixie): install"
kernel = "debian/13/{{arch}}/linux"
initrd = "debian/13/{{arch}}/initrd.gz"
arch = "any"
arguments = "{ODD} --- quiet"
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A lab whose br0 serves netboot with this token, by this engine."""

    lab: Lab
    token: str
    engine: str

    def boots(self, firmware: Firmware, to: str = KERNEL, **where: str) -> None:
        """The client must get there, with a kernel that the service's log knows of."""
        to = INSTALLER.name if firmware_table.wanted() else to
        mac = self.mac(firmware)
        before = len(LINUX.findall(self.log()))
        with Client(self.lab, firmware, **{"mac": mac, **where}) as client:
            for stage, seconds in client.netboot(self.token, to):
                print(f"{seconds:6.1f} s  {stage.name}")
            assert re.search(rf"Kernel command line: .*{ODD}\s", client.console)
        assert len(LINUX.findall(self.log())) > before
        (told,) = json.loads(self.lab.bridgekit("pxe", "status", "--json").stdout)["services"]
        assert {one["mac"]: one["stage"] for one in told["clients"]}[mac] == "initrd", self.log()
        where_to = " (a virtual machine on br0)" if "bridge" in where else ""
        firmware_table.note(firmware, self.engine + where_to, stage.name, seconds)

    @staticmethod
    def mac(firmware: Firmware) -> str:
        return PLAIN_MAC if firmware == "bios-plain" else "52:54:00:c1:00:01"

    def log(self) -> str:
        return self.lab.bridgekit("pxe", "logs", "br0").stdout


def build(engine: str, **environment: str) -> None:
    """Make what the service runs from with the machine's own network; the lab has none."""
    subprocess.run(
        (sys.executable, "-m", "bridgekit", "pxe", "build", "--engine", engine, "--no-nat"),
        env={**os.environ, "BRIDGEKIT_CACHE_DIR": CACHE, **environment},
        timeout=BUILD_SECONDS,
        check=True,
    )


def serve(lab: Lab, engine: str, site: Path, *more: str) -> Served:
    """Move eth0 onto br0 and serve there, in one go."""
    token = secrets.token_hex(8)
    site.chmod(0o755)
    (site / "machines.toml").write_text(MACHINES)
    (site / "catalogue").mkdir(mode=0o755, exist_ok=True)
    (site / "catalogue/odd.toml").write_text(CATALOGUE)
    done = lab.bridgekit(
        *("apply", "eth0", "--yes", "--with-pxe", "--pxe-engine", engine),
        *("--pxe-append", append_for(token), "--pxe-site", str(site), *more),
        timeout=120,
    )
    assert done.code == 0, done
    return Served(lab, token, engine)


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRIDGEKIT_CACHE_DIR", CACHE)
        yield patch


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the service's own user can read, and those above it, too."""
    folder = tmp_path_factory.mktemp("site")
    for above in (folder, *list(folder.parents)[:2]):
        above.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def native(environment: pytest.MonkeyPatch, site: Path) -> Iterator[Served]:
    """One lab served by the native engine, for all clients."""
    build("native")
    with Lab(f"firmware{os.getpid()}") as lab:
        yield serve(lab, "native", site, *WITH_IPV6)
        assert lab.bridgekit("rollback", "--yes").code == 0


@pytest.fixture(scope="module")
def docker(environment: pytest.MonkeyPatch, site: Path) -> Iterator[Served]:
    """The same by Docker."""
    data = dockerd.data_root()
    with dockerd.beside_the_machine(data) as address:
        build("docker", DOCKER_HOST=address)
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(f"docker{os.getpid()}"))
        environment.setenv("DOCKER_HOST", stack.enter_context(dockerd.inside(lab, data)))
        yield serve(lab, "docker", site, *WITH_IPV6)
        assert lab.bridgekit("rollback", "--yes").code == 0


def test_uefi_on_the_wire(native: Served) -> None:
    native.boots("uefi", INSTALLER.name)


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
    with browser(lab, "wire", tmp_path / "chromium", *IN_CLIENT) as page:
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
    with Lab(f"proxy{os.getpid()}") as lab, rivals.server(lab, "192.168.1.200", "192.168.1.220"):
        served = serve(lab, "native", site, "--pxe-mode", "auto")
        served = replace(served, engine="native (beside another DHCP server)")
        served.boots(firmware)
        assert "proxy" in served.log()
        assert served.mac(firmware) in lab.run("gateway", "cat", rivals.LEASES).stdout
        assert lab.bridgekit("rollback", "--yes").code == 0


def test_the_client_leaves_nothing(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    with Client(lab, "bios") as client:
        client.wait_for("SeaBIOS|iPXE", 60)
        assert "tap" in lab.run("wire", "ip", "-br", "link").stdout
    assert "tap" not in lab.run("wire", "ip", "-br", "link").stdout
