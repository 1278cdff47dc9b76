"""A host whose br0 serves netboot, and real firmware that boots from it."""

import json
import os
import re
import secrets
import subprocess
from pathlib import Path
from typing import Final

from msgspec import Struct

from bridgekit.lab.client import Client, append_for
from bridgekit.lab.firmware import INSTALLER, Firmware
from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support import dockerd, firmware_table

CACHE: Final = str(dockerd.data_root().parent)
BUILD_SECONDS: Final = 1800
PLAIN_MAC: Final = "52:54:00:c1:00:0b"
AUTO_MAC: Final = "52:54:00:c1:00:0c"
KERNEL: Final = "kernel and initrd, with this run's token"
LINUX: Final = re.compile(r'"GET /debian/13/(amd64|arm64)/linux HTTP/1\.[01]" 200 [0-9]{8}')
# A machine whose own iPXE is not trusted: it takes pxelinux, as one with a plain PXE ROM does
MACHINES: Final = f"""
[machine."{PLAIN_MAC}"]
loader = "pxelinux"
[machine."{AUTO_MAC}"]
entry = "debian13-auto"
hostname = "node1"
data = {{ disk = "/dev/vda", user = "admin", password = "$6$x", mirror = "192.0.2.99/debian" }}
"""
# What ends a command in a script must not end the kernel's line
ODD: Final = "odd=a;b=c"
CATALOGUE: Final = f"""
[[entry]]
name = "debian13"
title = "Debian 13 (trixie): install"
kernel = "debian/13/{{arch}}/linux"
initrd = "debian/13/{{arch}}/initrd.gz"
arch = "any"
arguments = "{ODD} --- quiet"
"""


class Served(Struct, frozen=True):
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
        (result,) = json.loads(self.lab.bridgekit("pxe", "status", "--json").stdout)["services"]
        assert {one["mac"]: one["stage"] for one in result["clients"]}[mac] == "initrd", self.log()
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
        (*BRIDGEKIT, "pxe", "build", "--engine", engine, "--no-nat"),
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
