"""A machine that netboots: QEMU with real firmware, software emulation, on a lab's bridge."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from bridgekit.lab.host import Host, LabFailed, readable
from bridgekit.lab.topology import Lab

Firmware = Literal["bios", "uefi"]

MEMORY_MIB: Final = 1024
_OVMF: Final = Path("/usr/share/OVMF")
# Firmware and menus draw with cursor movements: keep the text, drop the rest
_ESCAPES: Final = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[()][0-9A-B]|[=>c78])|[\x00\x07\x0e\x0f\r]")


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a netboot, and what the console shows when it is reached."""

    name: str
    pattern: str
    timeout: float = 240


STAGES: Final[dict[Firmware, tuple[Stage, ...]]] = {
    "bios": (
        Stage("an address by DHCP", r"net0: \d+\.\d+\.\d+\.\d+/"),
        Stage("the boot loader by TFTP", r"PXELINUX \d"),
        Stage("the menu", r"boot:"),
    ),
    "uefi": (
        Stage("an address by DHCP", r"Station IP address is \d+\.\d+\.\d+\.\d+"),
        Stage("the boot loader by TFTP", r"NBP file downloaded successfully"),
        Stage("the menu", r"GNU GRUB"),
    ),
}
_GAVE_UP: Final = re.compile(r"PXE-E18|PXE-E16|No more network devices|No bootable device")
_INSTALLER: Final = Stage("the Debian installer", r"(?i)(select|choose) (a )?language")


def append_for(token: str) -> str:
    """Kernel arguments that show the installer, and this token, on the serial console."""
    return f"console=ttyS0 ignore_loglevel bridgekit.token={token}"


class Client:
    """A QEMU machine that boots from the network inside a `with` block.

    Its NIC is a tap on `bridge` in the lab host `where`: ("wire", "wire") is a machine on eth0's
    wire, ("host", "br0") a virtual machine on br0. Everything it shows, from the firmware on,
    comes through its serial console.
    """

    def __init__(
        self,
        lab: Lab,
        firmware: Firmware = "bios",
        *,
        where: str = "wire",
        bridge: str = "wire",
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        """Return the console's text once it matches; LabFailed after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.console):
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._failed(pattern, f"in {timeout:.0f} s")
            if not self._read(left) or _GAVE_UP.search(self.console):
                raise self._failed(pattern, "before it gave up")
        return self.console

    def _failed(self, pattern: str, when: str) -> LabFailed:
        return LabFailed(f"the client never showed {pattern!r} {when}: {self._last_words()}")

    def netboot(self, token: str) -> Iterator[tuple[Stage, float]]:
        """Follow the whole boot: yield each stage and the seconds it took since the first look.

        The kernel's command line must contain `append_for(token)`. LabFailed if a stage is late.
        """
        started = time.monotonic()
        line = rf"Kernel command line: .*bridgekit\.token={re.escape(token)}\s"
        kernel = Stage(f"kernel and initrd, with this run's token {token}", line)
        for stage in (*STAGES[self._firmware], kernel, _INSTALLER):
            self.wait_for(stage.pattern, stage.timeout)
            yield stage, time.monotonic() - started

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
        nic = f"virtio-net-pci,netdev=wire,mac={self._mac}"
        return [
            *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-nographic"),
            *("-accel", "tcg", "-m", str(MEMORY_MIB), "-no-reboot", "-vga", "std"),
            *("-serial", "stdio", "-monitor", "none"),
            *("-netdev", f"tap,id=wire,ifname={self._tap},script=no,downscript=no"),
            *self._machine(nic),
        ]

    def _machine(self, nic: str) -> Sequence[str]:
        if self._firmware == "bios":
            return ("-M", "pc", "-device", nic, "-boot", "n")
        variables = shutil.copy(_OVMF / "OVMF_VARS_4M.fd", self._files.name)
        code = f"if=pflash,format=raw,unit=0,readonly=on,file={_OVMF}/OVMF_CODE_4M.fd"
        return (
            *("-M", "q35", "-device", f"{nic},romfile=", "-device", "virtio-rng-pci"),
            *("-drive", code, "-drive", f"if=pflash,format=raw,unit=1,file={variables}"),
        )
