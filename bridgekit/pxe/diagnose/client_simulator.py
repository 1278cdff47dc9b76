"""Simulated clients: each kind of firmware's DHCP exchange, and the files that it would load.

Runs in a network namespace of its own, on an interface without an address.
"""

import re
import struct
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Final

from msgspec import Struct

from bridgekit.bootserver.dhcp_packet import option
from bridgekit.pxe.diagnose.dhcp_client import DhcpClientError, leased
from bridgekit.pxe.diagnose.download import DownloadError, download
from bridgekit.system.process import CommandError

VENDOR_CLASS, USER_CLASS, CLIENT_ARCHITECTURE, PARAMETER_REQUEST_LIST = 60, 77, 93, 55
IPXE_ENCAPSULATED: Final = 175
FILE_PATH: Final = r"\s.*?(?:\(http,[^)]*\)|http://[^/\s]+)/([^\s,]+)"
FILE_PATTERNS: Final = tuple(
    re.compile(rf"^\s*(?:if\s)?(?:{word}){FILE_PATH}", re.IGNORECASE | re.MULTILINE)
    for word in ("linux|kernel", "initrd")
)
"""The first kernel and the first initrd of a menu, of any loader."""
MALFORMED_REPLY: Final = (ValueError, HTTPException, struct.error)
"""What malformed replies raise: any host on the segment may send them."""


class Firmware(Struct, frozen=True):
    """A kind of client: its architecture (RFC 4578) and the menu that its loader would read."""

    name: str
    arch: int
    menu: str
    ipxe: bool = False

    @property
    def options(self) -> bytes:
        """The DHCP options by which it says what it is."""
        vendor = "HTTPClient" if self.name.endswith("HTTP boot") else "PXEClient"
        options = option(CLIENT_ARCHITECTURE, struct.pack("!H", self.arch))
        options += option(VENDOR_CLASS, f"{vendor}:Arch:{self.arch:05}:UNDI:003000".encode())
        options += option(PARAMETER_REQUEST_LIST, bytes((1, 3, 6, 43, 54, 60, 66, 67)))
        if self.ipxe:
            options += option(USER_CLASS, b"iPXE") + option(IPXE_ENCAPSULATED, b"")
        return options


FIRMWARE: Final = (
    Firmware("BIOS", 0, "pxelinux.cfg/default"),
    Firmware("BIOS that is iPXE", 0, "bios.ipxe", ipxe=True),
    Firmware("UEFI x64", 7, "grub-amd64.cfg"),
    Firmware("UEFI arm64", 11, "grub-arm64.cfg"),
    Firmware("UEFI x64, HTTP boot", 16, "grub-amd64.cfg"),
)


class Step(Struct, frozen=True, rename={"problem": "trouble"}):
    """One step of a client: what it asked for, how that went, and how long it took.

    `size` in bytes and `sha256` are a file's; `problem` is empty where all went well.
    """

    client: str
    what: str
    seconds: float
    size: int = 0
    sha256: str = ""
    problem: str = ""


def simulate(nic: str) -> Iterator[Step]:
    """Simulate each firmware in turn; a step of one that fails is its last."""
    for firmware in FIRMWARE:
        yield from _steps(firmware, nic)


def _steps(firmware: Firmware, nic: str) -> Iterator[Step]:
    started, what = time.monotonic(), "an address"
    try:
        with leased(nic, firmware.options) as (lease, boot):
            yield Step(firmware.name, f"{lease.yiaddr} from {lease.server}", _since(started))
            server = boot.siaddr if int(boot.siaddr) else boot.server
            menu = f"http://{server}/menu/{firmware.menu}"
            left = [*dict.fromkeys((_url(boot.file, f"tftp://{server}"), menu))]
            for what in left:
                started = time.monotonic()
                size, sha256, head = download(what)
                yield Step(firmware.name, what, _since(started), size, sha256)
                if what == menu:
                    left += _files_in_menu(head.decode(errors="replace"), f"http://{server}")
    except (DhcpClientError, DownloadError, CommandError, OSError, *MALFORMED_REPLY) as error:
        yield Step(firmware.name, what, _since(started), problem=str(error) or "no answer")


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _url(file: str, base: str) -> str:
    return file if file.startswith("http://") else f"{base}/{file}"


def _files_in_menu(text: str, base: str) -> list[str]:
    matches = (pattern.search(text) for pattern in FILE_PATTERNS)
    return [f"{base}/{match[1]}" for match in matches if match]
