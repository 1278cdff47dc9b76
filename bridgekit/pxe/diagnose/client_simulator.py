"""Being each kind of firmware in turn: the whole exchange, and the files that it would load.

Runs in a network namespace of its own, on an interface without an address.
"""

import hashlib
import re
import select
import signal
import socket
import struct
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from ipaddress import IPv4Address
from secrets import randbits
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from bridgekit.bootserver import dhcp_discovery, dhcp_packet
from bridgekit.bootserver.dhcp_packet import DhcpReply, option
from bridgekit.system.process import CommandError, run

REPLY_SECONDS: Final = 4.0
"""For an answer; a server that pings an address first takes three."""
FURTHER_SECONDS: Final = 1.0
"""For one more, when somebody has answered: a proxy, or the server that it stands beside."""
FILE_SECONDS: Final = 120.0
MAX_FILE_BYTES: Final = 1 << 31
"""Bytes of a file; no initrd is as large."""
VENDOR_CLASS, USER_CLASS, CLIENT_ARCHITECTURE, PARAMETER_REQUEST_LIST = 60, 77, 93, 55
TFTP_BLOCK: Final = 512
TFTP_PORT: Final = 69
FILE_PATH: Final = r"\s.*?(?:\(http,[^)]*\)|http://[^/\s]+)/([^\s,]+)"
FILE_PATTERNS: Final = tuple(
    re.compile(rf"^\s*(?:if\s)?(?:{word}){FILE_PATH}", re.IGNORECASE | re.MULTILINE)
    for word in ("linux|kernel", "initrd")
)
"""The first kernel and the first initrd of a menu, in the words of any loader."""
READ_BYTES: Final = 1 << 20
HEAD_BYTES: Final = 1 << 16
MALFORMED_REPLY: Final = (ValueError, HTTPException, struct.error)
"""What comes of answers that are none: everybody on the wire may send them."""


class Firmware(Struct, frozen=True):
    """A kind of client: its architecture (RFC 4578) and the menu that its loader would read."""

    name: str
    arch: int
    menu: str
    ipxe: bool = False

    @property
    def options(self) -> bytes:
        """What it says of itself."""
        kind = "HTTPClient" if self.name.endswith("HTTP boot") else "PXEClient"
        words = option(CLIENT_ARCHITECTURE, struct.pack("!H", self.arch))
        words += option(VENDOR_CLASS, f"{kind}:Arch:{self.arch:05}:UNDI:003000".encode())
        words += option(PARAMETER_REQUEST_LIST, bytes((1, 3, 6, 43, 54, 60, 66, 67)))
        return words + (option(USER_CLASS, b"iPXE") + option(175, b"") if self.ipxe else b"")


FIRMWARE: Final = (
    Firmware("BIOS", 0, "pxelinux.cfg/default"),
    Firmware("BIOS that is iPXE", 0, "bios.ipxe", ipxe=True),
    Firmware("UEFI x64", 7, "grub-amd64.cfg"),
    Firmware("UEFI arm64", 11, "grub-arm64.cfg"),
    Firmware("UEFI x64, HTTP boot", 16, "grub-amd64.cfg"),
)


class Step(Struct, frozen=True, rename={"problem": "trouble"}):
    """One thing that a client did: what it asked for, how that went, and how long it took.

    `size` in bytes and `sha256` are a file's; `problem` is empty where all went well.
    """

    client: str
    what: str
    seconds: float
    size: int = 0
    sha256: str = ""
    problem: str = ""


class SimulationError(Exception):
    """The client can't go on; its text is a sentence's end."""


def simulate(nic: str) -> Iterator[Step]:
    """Be each firmware after the other; a step of one that fails is its last."""
    for firmware in FIRMWARE:
        yield from _steps(firmware, nic)


def _steps(firmware: Firmware, nic: str) -> Iterator[Step]:
    began, what = time.monotonic(), "an address"
    try:
        with _leased(firmware, nic) as (lease, told):
            yield Step(firmware.name, f"{lease.yiaddr} from {lease.server}", _since(began))
            server = told.siaddr if int(told.siaddr) else told.server
            menu = f"http://{server}/menu/{firmware.menu}"
            left = [*dict.fromkeys((_url(told.file, f"tftp://{server}"), menu))]
            for what in left:
                began = time.monotonic()
                size, sha256, head = download(what)
                yield Step(firmware.name, what, _since(began), size, sha256)
                if what == menu:
                    left += _files_in_menu(head.decode(errors="replace"), f"http://{server}")
    except (SimulationError, CommandError, OSError, *MALFORMED_REPLY) as error:
        yield Step(firmware.name, what, _since(began), problem=str(error) or "no answer")


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _url(file: str, place: str) -> str:
    return file if file.startswith("http://") else f"{place}/{file}"


def _files_in_menu(text: str, place: str) -> list[str]:
    found = (pattern.search(text) for pattern in FILE_PATTERNS)
    return [f"{place}/{match[1]}" for match in found if match]


@contextmanager
def _leased(firmware: Firmware, nic: str) -> Iterator[tuple[DhcpReply, DhcpReply]]:
    """An address on the NIC, given back at the end; with it whoever tells what to load."""
    with dhcp_discovery.packet_socket(nic, dhcp_discovery.DHCP_REPLY_FILTER) as wire:
        asking = _DhcpClient(
            wire, dhcp_discovery.interface_mac(wire, nic), randbits(32), firmware.options
        )
        offers = asking.exchange(dhcp_packet.DHCPDISCOVER)
        offer = next((one for one in offers if int(one.yiaddr)), None)
        if not offer:
            raise SimulationError("nobody offers an address")
        wished = option(dhcp_packet.REQUESTED_ADDRESS, offer.yiaddr.packed)
        wished += option(dhcp_packet.SERVER_IDENTIFIER, offer.server.packed)
        lease = next(
            (
                x
                for x in asking.exchange(dhcp_packet.DHCPREQUEST, wished)
                if x.message_type == dhcp_packet.DHCPACK
            ),
            None,
        )
        if not lease:
            raise SimulationError(f"{offer.server} offers {offer.yiaddr} and does not give it")
        mask = str(IPv4Address(lease.options.get(1, b"\xff\xff\xff\0")))
        run("ip", "address", "add", f"{lease.yiaddr}/{mask}", "dev", nic)
        try:
            yield lease, _find_boot_reply((lease, *offers), asking, lease.yiaddr)
        finally:
            run("ip", "address", "flush", "dev", nic, "scope", "global")
            who = option(dhcp_packet.SERVER_IDENTIFIER, lease.server.packed)
            own = (asking.mac, asking.xid, dhcp_packet.DHCPRELEASE, who, lease.yiaddr)
            wire.send(dhcp_packet.client_frame(*own))


def _find_boot_reply(
    answers: tuple[DhcpReply, ...], asking: "_DhcpClient", own: IPv4Address
) -> DhcpReply:
    """The answer that names a file; a proxy may do that on its port 4011 only."""
    if named := next((one for one in answers if one.file), None):
        return named
    for proxy in (one for one in answers if not int(one.yiaddr)):
        for told in asking.exchange_with_proxy(proxy.server, own):
            if told.file:
                return told
    raise SimulationError("nobody says what to load")


class _DhcpClient(Struct, frozen=True):
    wire: socket.socket
    mac: bytes
    xid: int
    options: bytes

    def exchange(
        self, kind: int, more: bytes = b"", others: float = FURTHER_SECONDS
    ) -> tuple[DhcpReply, ...]:
        """Send a question to everyone; once more if nobody answers."""
        for _ in range(2):
            self.wire.send(dhcp_packet.client_frame(self.mac, self.xid, kind, self.options + more))
            if found := self._answers(others):
                return found
        return ()

    def exchange_with_proxy(self, server: IPv4Address, own: IPv4Address) -> tuple[DhcpReply, ...]:
        """Ask a proxy on its own port; whoever listens to the wire hears what it says."""
        frame = dhcp_packet.client_frame(
            self.mac, self.xid, dhcp_packet.DHCPREQUEST, self.options, own
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind((str(own), 68))
            asking.sendto(frame[42:], (str(server), 4011))
            return self._answers(others=0)

    def _answers(self, others: float) -> tuple[DhcpReply, ...]:
        found: list[DhcpReply] = []
        until = time.monotonic() + REPLY_SECONDS
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.wire], [], [], left)[0]:
                break
            if answer := dhcp_packet.parse_reply(self.wire.recv(65535), self.mac, self.xid):
                found.append(answer)
                until = min(until, time.monotonic() + others)
        return tuple(found)


def download(url: str) -> tuple[int, str, bytes]:
    """A file's size, its checksum and its beginning."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise SimulationError("that is no address of a file")
    blocks = (
        _tftp_blocks(parts.hostname, parts.path[1:])
        if parts.scheme == "tftp"
        else _http_blocks(url)
    )
    size, sums, head = 0, hashlib.sha256(), b""
    with _time_limit(FILE_SECONDS):
        for block in blocks:
            size += len(block)
            if size > MAX_FILE_BYTES:
                raise SimulationError(f"it does not end after {MAX_FILE_BYTES >> 20} MiB")
            sums.update(block)
            head += block[: HEAD_BYTES - len(head)]
    return size, sums.hexdigest(), head


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Within, whatever waits is broken off after `seconds`: a server may send a byte at a time."""

    def late(*_: object) -> None:
        raise SimulationError(f"it does not end within {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _http_blocks(url: str) -> Iterator[bytes]:
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with straight.open(url, timeout=FILE_SECONDS) as answer:
        while block := answer.read(READ_BYTES):
            yield block


def _tftp_blocks(server: str, file: str) -> Iterator[bytes]:
    """RFC 1350."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(REPLY_SECONDS)
        wire.sendto(struct.pack("!H", 1) + file.encode() + b"\0octet\0", (server, TFTP_PORT))
        block, number = bytes(TFTP_BLOCK), 0
        while len(block) == TFTP_BLOCK:
            packet, source = wire.recvfrom(2048)
            kind, found = struct.unpack_from("!HH", packet)
            if kind == 5:
                raise SimulationError(f"TFTP refuses it: {packet[4:-1].decode(errors='replace')}")
            if kind == 3 and found == (number + 1) & 0xFFFF:
                block, number = packet[4:], number + 1
                yield block
            wire.sendto(struct.pack("!HH", 4, number & 0xFFFF), source)
