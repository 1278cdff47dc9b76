"""Is there another DHCPv6 server on a wire? A SOLICIT asks; nobody's lease is touched. RFC 8415"""

import select
import socket
import struct
import time
from ipaddress import IPv6Address
from secrets import token_bytes

from .rivals import Offer, wire

ALL_SERVERS = "ff02::1:2"
SOLICIT, ADVERTISE = 1, 2
CLIENT_ID, IA_NA, ELAPSED = 1, 3, 8
SERVER_PORT, CLIENT_PORT = 547, 546
SECONDS = 3.0
UDP = 14 + 40  # after the Ethernet and the IPv6 header
FILTER = (
    *((0x28, 0, 0, 12), (0x15, 0, 5, 0x86DD)),  # IPv6
    *((0x30, 0, 0, 20), (0x15, 0, 3, 17)),  # UDP
    *((0x28, 0, 0, UDP + 2), (0x15, 0, 1, CLIENT_PORT)),
    *((0x06, 0, 0, 65535), (0x06, 0, 0, 0)),
)


def discover(nic: str, seconds: float = SECONDS) -> tuple[Offer, ...]:
    """Send a SOLICIT on `nic` and return the servers that answer within `seconds`.

    Without IPv6 on `nic` nobody can be asked, and nobody can answer. Raises OSError where the
    wire can't be asked. Equivalent to: nmap --script broadcast-dhcp6-discover
    """
    xid = token_bytes(3)
    found: dict[str, Offer] = {}
    with wire(nic, FILTER) as heard, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
        try:
            asking.sendto(request(xid), (ALL_SERVERS, SERVER_PORT, 0, socket.if_nametoindex(nic)))
        except OSError:  # no address to send from
            return ()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            readable = select.select([heard], [], [], left)[0]
            if readable and (offer := parse(heard.recv(65535), xid)):
                found.setdefault(offer.server, offer)
    return tuple(found.values())


def request(xid: bytes) -> bytes:
    """The question of a client that nobody knows, for any address."""
    who = struct.pack("!HH", 4, 0) + token_bytes(16)  # a DUID-UUID, RFC 6355
    options = ((CLIENT_ID, who), (ELAPSED, bytes(2)), (IA_NA, token_bytes(4) + bytes(8)))
    parts = (struct.pack("!HH", code, len(value)) + value for code, value in options)
    return bytes((SOLICIT,)) + xid + b"".join(parts)


def parse(frame: bytes, xid: bytes) -> Offer | None:
    """Who answers in an Ethernet frame, if it is an answer to this question."""
    answer = frame[UDP + 8 :]
    if len(answer) < 4 or answer[0] != ADVERTISE or answer[1:4] != xid:
        return None
    return Offer(str(IPv6Address(frame[22:38])), "an IPv6 address", frame[6:12].hex(":"))
