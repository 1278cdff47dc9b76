"""Firmware of machines that netboot: how QEMU starts each, and what its serial console shows."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

Firmware = Literal["bios", "bios-plain", "uefi", "secure", "http", "ipv6", "arm64"]

_OVMF: Final = Path("/usr/share/OVMF")
_AAVMF: Final = Path("/usr/share/AAVMF")
# PXE is tried before HTTP, and IPv4 before IPv6
_WITHOUT: Final = "name=opt/org.tianocore/IPv{}PXESupport,string=no"


class Stage(Struct, frozen=True):
    """A step of a netboot, and what the console shows when it is reached."""

    name: str
    pattern: str
    timeout: float = 300


_IPXE_ADDRESS: Final = Stage("an address by DHCP", r"net0: \d+\.\d+\.\d+\.\d+/")
_UEFI_ADDRESS: Final = Stage("an address by DHCP", r"Station IP address is \d+\.\d+\.\d+\.\d+")
_GRUB: Final = Stage("the menu", r"GNU GRUB")
_PXE: Final = (
    _UEFI_ADDRESS,
    Stage("the boot loader by TFTP", r"NBP file downloaded successfully"),
    _GRUB,
)
STAGES: Final[dict[Firmware, tuple[Stage, ...]]] = {
    "bios": (_IPXE_ADDRESS, Stage("the menu by HTTP", r"/menu/bios\.ipxe\.* ok")),
    "bios-plain": (
        _IPXE_ADDRESS,
        Stage("the boot loader by TFTP", r"PXELINUX \d"),
        Stage("the menu", r"boot:"),
    ),
    "uefi": _PXE,
    "secure": _PXE,
    "http": (
        Stage("an address by DHCP", r"URI: http://"),
        Stage("the boot loader by HTTP", r"NBP file downloaded successfully|File Size"),
        _GRUB,
    ),
    "ipv6": (Stage("an address by DHCPv6", r"Start PXE over IPv6"), *_PXE[1:]),
    "arm64": _PXE,
}
_ENFORCED: Final = r"Kernel is locked down from EFI Secure Boot"
PROOF: Final[dict[Firmware, tuple[Stage, ...]]] = {
    "secure": (Stage("Secure Boot, says the kernel", _ENFORCED),),
}
"""What the kernel must have said, beyond its command line."""
INSTALLER: Final = Stage("the Debian installer", r"(?i)(select|choose) (a )?language", 600)


def program(firmware: Firmware) -> str:
    """QEMU's program for that machine."""
    return "qemu-system-aarch64" if firmware == "arm64" else "qemu-system-x86_64"


def machine(firmware: Firmware, nic: str, scratch: Path) -> Sequence[str]:
    """QEMU's arguments: board, firmware and the NIC; a copy of its variables goes to `scratch`."""
    return _MACHINES[firmware](nic, scratch)


def _bios(nic: str, _scratch: Path) -> Sequence[str]:
    return ("-M", "pc", "-vga", "std", "-device", nic, "-boot", "n")


def _uefi(nic: str, scratch: Path) -> Sequence[str]:
    flash = _flash(_OVMF / "OVMF_CODE_4M.fd", _OVMF / "OVMF_VARS_4M.fd", scratch)
    return ("-M", "q35", "-vga", "std", *_without_rom(nic), *flash)


def _secure(nic: str, scratch: Path) -> Sequence[str]:
    """Microsoft's keys enrolled, and enforced: only the firmware itself may write the flash."""
    flash = _flash(_OVMF / "OVMF_CODE_4M.ms.fd", _OVMF / "OVMF_VARS_4M.ms.fd", scratch)
    sealed = ("-global", "driver=cfi.pflash01,property=secure,value=on")
    return ("-M", "q35,smm=on", "-vga", "std", *sealed, *_without_rom(nic), *flash)


def _http(nic: str, scratch: Path) -> Sequence[str]:
    return (*_ipv6(nic, scratch), "-fw_cfg", _WITHOUT.format(6))


def _ipv6(nic: str, scratch: Path) -> Sequence[str]:
    return (*_uefi(nic, scratch), "-fw_cfg", _WITHOUT.format(4))


def _arm64(nic: str, scratch: Path) -> Sequence[str]:
    flash = _flash(_AAVMF / "AAVMF_CODE.fd", _AAVMF / "AAVMF_VARS.fd", scratch)
    return ("-M", "virt", "-cpu", "cortex-a57", *_without_rom(nic), *flash)


def _without_rom(nic: str) -> Sequence[str]:
    return ("-device", f"{nic},romfile=", "-device", "virtio-rng-pci")


def _flash(code: Path, variables: Path, scratch: Path) -> Sequence[str]:
    own = shutil.copy(variables, scratch)
    return (
        *("-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}"),
        *("-drive", f"if=pflash,format=raw,unit=1,file={own}"),
    )


_MACHINES: Final[dict[Firmware, Callable[[str, Path], Sequence[str]]]] = {
    "bios": _bios,
    "bios-plain": _bios,
    "uefi": _uefi,
    "secure": _secure,
    "http": _http,
    "ipv6": _ipv6,
    "arm64": _arm64,
}
