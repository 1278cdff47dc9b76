"""Is there another DHCP server on a wire? A DHCPDISCOVER asks; nobody's lease is touched.

Used by the host before the service starts, and by the service as long as it runs.
"""

import asyncio
import ctypes
import fcntl
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from secrets import randbits

SIOCGIFHWADDR = 0x8927
ETH_P_ALL = 0x0003  # sees a bridge port's frames before the bridge takes them; ETH_P_IP does not
MAGIC = b"\x63\x82\x53\x63"
BOOTP = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
DISCOVER, OFFER = 1, 2
BROADCAST = b"\xff" * 6
# dnsmasq pings an address for 3 s before its first offer of it, others for 1 s
PATIENCE = 5.0  # seconds for a first offer
AGAIN = 2.0  # seconds until the request is repeated
OTHERS = 0.5  # seconds for further servers, once one has answered
PERIOD = 4.0  # seconds between two questions of the service that runs
SO_ATTACH_FILTER = 26
# Only UDP to port 68, in the kernel already: the wire may be busy. net/bpf(4), linux/filter.h
FILTER = (
    *((0x28, 0, 0, 12), (0x15, 0, 8, 0x0800)),  # IPv4
    *((0x30, 0, 0, 23), (0x15, 0, 6, 17)),  # UDP
    *((0x28, 0, 0, 20), (0x45, 4, 0, 0x1FFF)),  # the first fragment
    *((0xB1, 0, 0, 14), (0x48, 0, 0, 16), (0x15, 0, 1, 68)),  # its port, after the IP header
    *((0x06, 0, 0, 65535), (0x06, 0, 0, 0)),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a DHCP server answered: who it is, and the address it would give."""

    server: str
    offered: str
    mac: str
    router: str | None = None

    def __str__(self) -> str:
        return f"{self.server} ({self.mac}, offers {self.offered})"


def discover(nic: str, seconds: float = PATIENCE) -> tuple[Offer, ...]:
    """Send a DHCPDISCOVER on `nic` and return the servers that offer an address within `seconds`.

    It is repeated once, if nobody answers. Only a DISCOVER is sent, under a transaction id of
    its own: no lease is taken or changed. Raises OSError where the wire can't be asked.
    Equivalent to: nmap --script broadcast-dhcp-discover
    """
    xid = randbits(32)
    with wire(nic, FILTER) as heard:
        mac = _mac(heard, nic)
        for patience in (min(AGAIN, seconds), max(0.0, seconds - AGAIN)):
            heard.send(request(mac, xid))
            if offers := _collect(heard, mac, xid, time.monotonic() + patience):
                return offers
        return ()


async def watch(nic: str, told: Callable[[Offer | None], None]) -> None:
    """Ask again and again, until cancelled; tell of each offer, and of a question without one."""
    with wire(nic, FILTER) as heard:
        heard.setblocking(False)
        mac = _mac(heard, nic)
        while True:
            xid, until = randbits(32), time.monotonic() + PERIOD
            with suppress(OSError):  # the link is down: nobody hears it, and nobody answers
                heard.send(request(mac, xid))
            offer = await _next(heard, mac, xid, until)
            told(offer)
            await asyncio.sleep(until - time.monotonic())


async def _next(heard: socket.socket, mac: bytes, xid: int, until: float) -> Offer | None:
    with suppress(TimeoutError):
        async with asyncio.timeout(until - time.monotonic()):
            while True:
                with suppress(OSError):
                    frame = await asyncio.get_running_loop().sock_recv(heard, 65535)
                    if offer := parse(frame, mac, xid):
                        return offer
    return None


def request(mac: bytes, xid: int) -> bytes:
    """A whole Ethernet frame with a DHCPDISCOVER that asks for a broadcast answer."""
    fixed = BOOTP.pack(
        1, 1, 6, 0, xid, 0, 0x8000, *(bytes(4),) * 4, mac.ljust(16, b"\0"), b"", b"", MAGIC
    )
    bootp = (fixed + bytes((53, 1, DISCOVER, 55, 3, 1, 3, 54, 255))).ljust(300, b"\0")
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), BROADCAST[:4]
    )
    header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
    return BROADCAST + mac + b"\x08\x00" + header + udp


def parse(frame: bytes, mac: bytes, xid: int) -> Offer | None:
    """The offer in an Ethernet frame, if it is one to this request; None for anything else."""
    if len(frame) < 34 or frame[12:14] != b"\x08\x00" or frame[14] >> 4 != 4 or frame[23] != 17:
        return None
    udp = 14 + (frame[14] & 15) * 4
    bootp = frame[udp + 8 :]
    if frame[udp : udp + 4] != b"\x00\x43\x00\x44" or len(bootp) < BOOTP.size:
        return None
    op, _, _, _, answered, _, _, _, yours, _, _, client, _, _, magic = BOOTP.unpack_from(bootp)
    if (op, answered, client[:6], magic) != (2, xid, mac, MAGIC):
        return None
    options = _options(bootp[BOOTP.size :])
    if options.get(53) != bytes((OFFER,)):
        return None
    server = options.get(54, b"")
    return Offer(
        server=_dotted(server if len(server) == 4 else frame[26:30]),
        offered=_dotted(yours),
        mac=frame[6:12].hex(":"),
        router=_dotted(options[3][:4]) if len(options.get(3, b"")) >= 4 else None,
    )


@contextmanager
def wire(nic: str, program: tuple[tuple[int, int, int, int], ...]) -> Iterator[socket.socket]:
    """The wire's frames as far as this program of bpf(4) lets them through."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as heard:
        lines = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
        told = struct.pack("HP", len(program), ctypes.addressof(lines))
        heard.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, told)
        heard.bind((nic, ETH_P_ALL))
        yield heard


def _collect(heard: socket.socket, mac: bytes, xid: int, until: float) -> tuple[Offer, ...]:
    found: dict[tuple[str, str], Offer] = {}
    while (left := until - time.monotonic()) > 0:
        if not select.select([heard], [], [], left)[0]:
            break
        offer = parse(heard.recv(65535), mac, xid)
        if offer:
            found.setdefault((offer.server, offer.mac), offer)
            until = min(until, time.monotonic() + OTHERS)
    return tuple(found.values())


def _options(data: bytes) -> dict[int, bytes]:
    """Decode DHCP options as far as they are whole."""
    options: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if at + 1 >= len(data) or at + 2 + data[at + 1] > len(data):
            break
        options.setdefault(data[at], data[at + 2 : at + 2 + data[at + 1]])
        at += 2 + data[at + 1]
    return options


def _mac(heard: socket.socket, nic: str) -> bytes:
    answer = fcntl.ioctl(heard, SIOCGIFHWADDR, struct.pack("256s", nic.encode()[:15]))
    return answer[18:24]


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def _dotted(raw: bytes) -> str:
    return str(IPv4Address(raw))
