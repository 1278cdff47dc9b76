"""DHCP messages as whole Ethernet frames: a client's requests and servers' replies. RFC 2131."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

MAGIC_COOKIE = b"\x63\x82\x53\x63"
BOOTP = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
DHCPDISCOVER, DHCPOFFER, DHCPREQUEST, DHCPACK, DHCPRELEASE = 1, 2, 3, 5, 7
MESSAGE_TYPE, REQUESTED_ADDRESS, SERVER_IDENTIFIER, ROUTER, BOOTFILE_NAME = 53, 50, 54, 3, 67
BROADCAST = b"\xff" * 6
UNSPECIFIED = IPv4Address(0)
MIN_BOOTP_BYTES = 300  # bytes of a BOOTP packet, RFC 1542


@dataclass(frozen=True, slots=True)
class DhcpReply:
    """A server's message: the address it gives, where the file is, and its options.

    `server` is the server identifier, or without one the sender's address; `mac` is the sender's.
    """

    message_type: int
    yiaddr: IPv4Address
    siaddr: IPv4Address
    file: str
    server: IPv4Address
    mac: bytes
    options: Mapping[int, bytes]


def client_frame(
    mac: bytes, xid: int, message_type: int, options: bytes = b"", ciaddr: IPv4Address = UNSPECIFIED
) -> bytes:
    """Return a client's broadcast frame that asks for a broadcast reply."""
    fixed = BOOTP.pack(
        *(1, 1, 6, 0, xid, 0, 0x8000, ciaddr.packed, *(bytes(4),) * 3),
        *(mac.ljust(16, b"\0"), b"", b"", MAGIC_COOKIE),
    )
    message = fixed + option(MESSAGE_TYPE, bytes((message_type,))) + options + b"\xff"
    bootp = message.ljust(MIN_BOOTP_BYTES, b"\0")
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    addresses = (ciaddr.packed, BROADCAST[:4])
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, *addresses)
    header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
    return BROADCAST + mac + b"\x08\x00" + header + udp


def option(code: int, value: bytes) -> bytes:
    """Return one option of up to 255 bytes."""
    return bytes((code, len(value))) + value


def parse_reply(frame: bytes, mac: bytes, xid: int) -> DhcpReply | None:
    """Return the reply in a frame to this client's request; None for any other frame."""
    if len(frame) < 34 or frame[12:14] != b"\x08\x00" or frame[14] >> 4 != 4 or frame[23] != 17:
        return None
    udp = 14 + (frame[14] & 15) * 4
    bootp = frame[udp + 8 :]
    if frame[udp + 2 : udp + 4] != b"\x00\x44" or len(bootp) < BOOTP.size:
        return None
    fields = BOOTP.unpack_from(bootp)
    op, _, _, _, reply_xid, _, _, _, yiaddr, siaddr, _, chaddr, _, file, cookie = fields
    if (op, reply_xid, chaddr[:6], cookie) != (2, xid, mac, MAGIC_COOKIE):
        return None
    options = _parse_options(bootp[BOOTP.size :])
    server = options.get(SERVER_IDENTIFIER, b"")
    return DhcpReply(
        message_type=options.get(MESSAGE_TYPE, b"\0")[:1].ljust(1, b"\0")[0],
        yiaddr=IPv4Address(yiaddr),
        siaddr=IPv4Address(siaddr),
        file=options.get(BOOTFILE_NAME, file).split(b"\0")[0].decode(errors="replace"),
        server=IPv4Address(server if len(server) == 4 else frame[26:30]),
        mac=frame[6:12],
        options=options,
    )


def _parse_options(data: bytes) -> dict[int, bytes]:
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


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
