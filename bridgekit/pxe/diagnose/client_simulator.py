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
from bridgekit.bootserver.dhcp_packet import DhcpAnswer, option
from bridgekit.system.process import CommandError, run

SECONDS: Final = 4.0
"""For an answer; a server that pings an address first takes three."""
OTHERS: Final = 1.0
"""For one more, when somebody has answered: a proxy, or the server that it stands beside."""
FILE_SECONDS: Final = 120.0
MOST: Final = 1 << 31
"""Bytes of a file; no initrd is as large."""
VENDOR, USER_CLASS, ARCHITECTURE, WISHES = 60, 77, 93, 55
BLOCK: Final = 512
TFTP_PORT: Final = 69
WHERE: Final = r"\s.*?(?:\(http,[^)]*\)|http://[^/\s]+)/([^\s,]+)"
LOADED: Final = tuple(
    re.compile(rf"^\s*(?:if\s)?(?:{word}){WHERE}", re.IGNORECASE | re.MULTILINE)
    for word in ("linux|kernel", "initrd")
)
"""The first kernel and the first initrd of a menu, in the words of any loader."""
READ: Final = 1 << 20
SMALL: Final = 1 << 16
MALFORMED: Final = (ValueError, HTTPException, struct.error)
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
        words = option(ARCHITECTURE, struct.pack("!H", self.arch))
        words += option(VENDOR, f"{kind}:Arch:{self.arch:05}:UNDI:003000".encode())
        words += option(WISHES, bytes((1, 3, 6, 43, 54, 60, 66, 67)))
        return words + (option(USER_CLASS, b"iPXE") + option(175, b"") if self.ipxe else b"")


FIRMWARE: Final = (
    Firmware("BIOS", 0, "pxelinux.cfg/default"),
    Firmware("BIOS that is iPXE", 0, "bios.ipxe", ipxe=True),
    Firmware("UEFI x64", 7, "grub-amd64.cfg"),
    Firmware("UEFI arm64", 11, "grub-arm64.cfg"),
    Firmware("UEFI x64, HTTP boot", 16, "grub-amd64.cfg"),
)


class Step(Struct, frozen=True):
    """One thing that a client did: what it asked for, how that went, and how long it took.

    `size` in bytes and `sha256` are a file's; `trouble` is empty where all went well.
    """

    client: str
    what: str
    seconds: float
    size: int = 0
    sha256: str = ""
    trouble: str = ""


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
            yield Step(firmware.name, f"{lease.yours} from {lease.server}", _since(began))
            server = told.next_server if int(told.next_server) else told.server
            menu = f"http://{server}/menu/{firmware.menu}"
            left = [*dict.fromkeys((_url(told.file, f"tftp://{server}"), menu))]
            for what in left:
                began = time.monotonic()
                size, sha256, head = load(what)
                yield Step(firmware.name, what, _since(began), size, sha256)
                if what == menu:
                    left += _from_menu(head.decode(errors="replace"), f"http://{server}")
    except (SimulationError, CommandError, OSError, *MALFORMED) as error:
        yield Step(firmware.name, what, _since(began), trouble=str(error) or "no answer")


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _url(file: str, place: str) -> str:
    return file if file.startswith("http://") else f"{place}/{file}"


def _from_menu(text: str, place: str) -> list[str]:
    found = (pattern.search(text) for pattern in LOADED)
    return [f"{place}/{match[1]}" for match in found if match]


@contextmanager
def _leased(firmware: Firmware, nic: str) -> Iterator[tuple[DhcpAnswer, DhcpAnswer]]:
    """An address on the NIC, given back at the end; with it whoever tells what to load."""
    with dhcp_discovery.wire(nic, dhcp_discovery.FILTER) as wire:
        asking = _Asking(wire, dhcp_discovery.mac_of(wire, nic), randbits(32), firmware.options)
        offers = asking.ask(dhcp_packet.DISCOVER)
        offer = next((one for one in offers if int(one.yours)), None)
        if not offer:
            raise SimulationError("nobody offers an address")
        wished = option(dhcp_packet.REQUESTED, offer.yours.packed)
        wished += option(dhcp_packet.SERVER, offer.server.packed)
        lease = next(
            (x for x in asking.ask(dhcp_packet.REQUEST, wished) if x.kind == dhcp_packet.ACK), None
        )
        if not lease:
            raise SimulationError(f"{offer.server} offers {offer.yours} and does not give it")
        mask = str(IPv4Address(lease.options.get(1, b"\xff\xff\xff\0")))
        run("ip", "address", "add", f"{lease.yours}/{mask}", "dev", nic)
        try:
            yield lease, _who_tells((lease, *offers), asking, lease.yours)
        finally:
            run("ip", "address", "flush", "dev", nic, "scope", "global")
            who = option(dhcp_packet.SERVER, lease.server.packed)
            own = (asking.mac, asking.xid, dhcp_packet.RELEASE, who, lease.yours)
            wire.send(dhcp_packet.question(*own))


def _who_tells(answers: tuple[DhcpAnswer, ...], asking: "_Asking", own: IPv4Address) -> DhcpAnswer:
    """The answer that names a file; a proxy may do that on its port 4011 only."""
    if named := next((one for one in answers if one.file), None):
        return named
    for proxy in (one for one in answers if not int(one.yours)):
        for told in asking.ask_proxy(proxy.server, own):
            if told.file:
                return told
    raise SimulationError("nobody says what to load")


class _Asking(Struct, frozen=True):
    wire: socket.socket
    mac: bytes
    xid: int
    options: bytes

    def ask(self, kind: int, more: bytes = b"", others: float = OTHERS) -> tuple[DhcpAnswer, ...]:
        """Send a question to everyone; once more if nobody answers."""
        for _ in range(2):
            self.wire.send(dhcp_packet.question(self.mac, self.xid, kind, self.options + more))
            if found := self._answers(others):
                return found
        return ()

    def ask_proxy(self, server: IPv4Address, own: IPv4Address) -> tuple[DhcpAnswer, ...]:
        """Ask a proxy on its own port; whoever listens to the wire hears what it says."""
        frame = dhcp_packet.question(self.mac, self.xid, dhcp_packet.REQUEST, self.options, own)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind((str(own), 68))
            asking.sendto(frame[42:], (str(server), 4011))
            return self._answers(others=0)

    def _answers(self, others: float) -> tuple[DhcpAnswer, ...]:
        found: list[DhcpAnswer] = []
        until = time.monotonic() + SECONDS
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.wire], [], [], left)[0]:
                break
            if answer := dhcp_packet.answer(self.wire.recv(65535), self.mac, self.xid):
                found.append(answer)
                until = min(until, time.monotonic() + others)
        return tuple(found)


def load(url: str) -> tuple[int, str, bytes]:
    """A file's size, its checksum and its beginning."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise SimulationError("that is no address of a file")
    blocks = _by_tftp(parts.hostname, parts.path[1:]) if parts.scheme == "tftp" else _by_http(url)
    size, sums, head = 0, hashlib.sha256(), b""
    with _at_most(FILE_SECONDS):
        for block in blocks:
            size += len(block)
            if size > MOST:
                raise SimulationError(f"it does not end after {MOST >> 20} MiB")
            sums.update(block)
            head += block[: SMALL - len(head)]
    return size, sums.hexdigest(), head


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
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


def _by_http(url: str) -> Iterator[bytes]:
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with straight.open(url, timeout=FILE_SECONDS) as answer:
        while block := answer.read(READ):
            yield block


def _by_tftp(server: str, file: str) -> Iterator[bytes]:
    """RFC 1350."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(SECONDS)
        wire.sendto(struct.pack("!H", 1) + file.encode() + b"\0octet\0", (server, TFTP_PORT))
        block, number = bytes(BLOCK), 0
        while len(block) == BLOCK:
            packet, source = wire.recvfrom(2048)
            kind, found = struct.unpack_from("!HH", packet)
            if kind == 5:
                raise SimulationError(f"TFTP refuses it: {packet[4:-1].decode(errors='replace')}")
            if kind == 3 and found == (number + 1) & 0xFFFF:
                block, number = packet[4:], number + 1
                yield block
            wire.sendto(struct.pack("!HH", 4, number & 0xFFFF), source)
