"""A machine that netboots: QEMU with real firmware, software emulation, on a lab's bridge."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bridgekit.lab.firmware import INSTALLER, PROOF, STAGES, Firmware, Stage, machine, program
from bridgekit.lab.host import Host, LabError, readable
from bridgekit.lab.topology import Lab

MEMORY_MIB: Final = 1024
# Firmware and menus draw with cursor movements: keep the text, drop the rest
_ESCAPES: Final = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[()][0-9A-B]|[=>c78])|[\x00\x07\x0e\x0f\r]")
_GAVE_UP: Final = re.compile(r"PXE-E18|PXE-E16|No more network devices|No bootable device")


def append_for(token: str) -> str:
    """Kernel arguments that show the installer, and this token, on a serial console.

    ttyAMA0 is arm64's; a console that a machine lacks is passed over.
    """
    return f"console=ttyAMA0 console=ttyS0 ignore_loglevel bridgekit.token={token}"


class Client:
    """A QEMU machine that boots from the network inside a `with` block.

    Its NIC is a tap on `bridge` in the lab host `where`: ("segment", "segment") is a machine on
    eth0's segment, ("host", "br0") a virtual machine on br0. Everything it shows, from the firmware
    on, comes through its serial console.
    """

    def __init__(
        self,
        lab: Lab,
        firmware: Firmware = "bios",
        *,
        where: str = "segment",
        bridge: str = "segment",
        mac: str = "52:54:00:c1:00:01",
    ) -> None:
        self._host: Host = lab.hosts[where]
        self._bridge = bridge
        self._mac = mac
        self._tap = f"tap{mac[-2:]}"
        self._firmware = firmware
        self._files = tempfile.TemporaryDirectory(prefix="bridgekit-client-")
        self._process: subprocess.Popen[bytes] | None = None
        self._raw = b""

    def __enter__(self) -> "Client":
        tap = self._tap
        self._host.ip([f"tuntap add {tap} mode tap", f"link set {tap} master {self._bridge} up"])
        pipe = subprocess.PIPE
        self._process = self._host.popen(
            *self._argv(), stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.STDOUT
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
        self._files.cleanup()
        if self._host.alive():
            self._host.ip([f"link delete {self._tap}"])

    @property
    def console(self) -> str:
        """All that the serial console has shown so far, without control sequences."""
        return _ESCAPES.sub(b"", self._raw).decode(errors="replace")

    def wait_for(self, pattern: str, timeout: float) -> str:
        """Return the console's text once it matches; LabError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.console):
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._failed(pattern, f"in {timeout:.0f} s")
            if not self._read(left) or _GAVE_UP.search(self.console):
                raise self._failed(pattern, "before it gave up")
        return self.console

    def _failed(self, pattern: str, when: str) -> LabError:
        return LabError(f"the client never showed {pattern!r} {when}: {self._last_words()}")

    def netboot(self, token: str, to: str = INSTALLER.name) -> Iterator[tuple[Stage, float]]:
        """Follow the boot up to a stage: yield each and the seconds it took since the first look.

        The kernel's command line must contain `append_for(token)`. LabError if a stage is late.
        """
        started = time.monotonic()
        for stage in self.stages(token):
            self.wait_for(stage.pattern, stage.timeout)
            yield stage, time.monotonic() - started
            if stage.name == to:
                return

    def stages(self, token: str) -> tuple[Stage, ...]:
        """All that the console shows on the way to the installer, in order."""
        line = rf"Kernel command line: .*bridgekit\.token={re.escape(token)}\s"
        kernel = Stage("kernel and initrd, with this run's token", line)
        return (*STAGES[self._firmware], kernel, *PROOF.get(self._firmware, ()), INSTALLER)

    def _read(self, timeout: float) -> bool:
        """Take what the console shows next; False at its end."""
        assert self._process and self._process.stdout
        if not readable(self._process.stdout, timeout):
            return True
        got = os.read(self._process.stdout.fileno(), 65536)
        self._raw += got
        return bool(got)

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.console.splitlines() if line.strip()]
        return " | ".join(lines[-12:]) or "it showed nothing at all"

    def _argv(self) -> list[str]:
        nic = f"virtio-net-pci,netdev=segment,mac={self._mac}"
        return [
            *(program(self._firmware), "-nodefaults", "-no-user-config", "-nographic"),
            *("-accel", "tcg", "-m", str(MEMORY_MIB), "-no-reboot"),
            *("-serial", "stdio", "-monitor", "none"),
            *("-netdev", f"tap,id=segment,ifname={self._tap},script=no,downscript=no"),
            *machine(self._firmware, nic, Path(self._files.name)),
        ]
