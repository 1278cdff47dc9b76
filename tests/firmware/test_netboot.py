"""Real firmware reaches the Debian installer, each time with a random token of this very run."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bridgekit.lab.client import Client, Firmware, append_for
from bridgekit.lab.topology import Lab
from tests.support import dockerd

pytestmark = pytest.mark.xdist_group("engines")

CACHE = str(dockerd.data_root().parent)
BUILD_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Served:
    """A lab whose br0 serves netboot with this token."""

    lab: Lab
    token: str

    def boots(self, client: Client) -> None:
        """The client must get all the way; each stage is printed for a failure's report."""
        with client:
            for stage, seconds in client.netboot(self.token):
                print(f"{seconds:6.1f} s  {stage.name}")


def build(engine: str, **environment: str) -> None:
    """Make what the service runs from with the machine's own network; the lab has none."""
    subprocess.run(
        (sys.executable, "-m", "bridgekit", "pxe", "build", "--engine", engine, "--no-nat"),
        env={**os.environ, "BRIDGEKIT_CACHE_DIR": CACHE, **environment},
        timeout=BUILD_SECONDS,
        check=True,
    )


def serve(lab: Lab, engine: str, **environment: str) -> Served:
    """Move eth0 onto br0 and serve there, in one go."""
    token = secrets.token_hex(8)
    done = lab.bridgekit(
        *("apply", "eth0", "--yes", "--with-pxe", "--pxe-engine", engine),
        *("--pxe-append", append_for(token)),
        env={"BRIDGEKIT_CACHE_DIR": CACHE, **environment},
        timeout=120,
    )
    assert done.code == 0, done
    return Served(lab, token)


@pytest.fixture(scope="module")
def native() -> Iterator[Served]:
    """One lab served by the native engine, for all clients."""
    build("native")
    with Lab(f"firmware{os.getpid()}") as lab:
        yield serve(lab, "native")
        assert lab.bridgekit("rollback", "--yes").code == 0


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_a_machine_on_the_wire_boots(native: Served, firmware: Firmware) -> None:
    native.boots(Client(native.lab, firmware))


def test_a_virtual_machine_on_br0_boots(native: Served) -> None:
    native.boots(Client(native.lab, "uefi", where="host", bridge="br0", mac="52:54:00:c1:00:02"))


@pytest.mark.all
def test_a_bios_virtual_machine_on_br0_boots(native: Served) -> None:
    native.boots(Client(native.lab, "bios", where="host", bridge="br0", mac="52:54:00:c1:00:03"))


@pytest.mark.all
@pytest.mark.parametrize("where", [("wire", "wire"), ("host", "br0")])
def test_docker_serves_the_wire_and_br0(
    make_lab: Callable[..., Lab], where: tuple[str, str]
) -> None:
    data = dockerd.data_root()
    with dockerd.beside_the_machine(data) as address:
        build("docker", DOCKER_HOST=address)
    lab = make_lab()
    with dockerd.inside(lab, data) as address:
        served = serve(lab, "docker", DOCKER_HOST=address)
        served.boots(Client(lab, "uefi", where=where[0], bridge=where[1]))
        assert lab.bridgekit("rollback", "--yes", env={"DOCKER_HOST": address}).code == 0


def test_the_client_leaves_nothing(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    with Client(lab, "bios") as client:
        client.wait_for("SeaBIOS|iPXE", 60)
        assert "tap" in lab.run("wire", "ip", "-br", "link").stdout
    assert "tap" not in lab.run("wire", "ip", "-br", "link").stdout
