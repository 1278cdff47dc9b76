"""Is there another DHCPv6 server on a wire? A SOLICIT asks; nobody's lease is touched. RFC 8415"""

import socket
import struct
from collections.abc import Callable
from functools import partial
from ipaddress import IPv6Address
from secrets import token_bytes

from . import dhcp_discovery
from .dhcp_discovery import DhcpOffer, ServerQuery

ALL_SERVERS = "ff02::1:2"
SOLICIT, ADVERTISE = 1, 2
CLIENT_ID, IA_NA, ELAPSED = 1, 3, 8
SERVER_PORT, CLIENT_PORT = 547, 546
SECONDS = 3.0
UDP_OFFSET = 14 + 40  # after the Ethernet and the IPv6 header
DHCPV6_REPLY_FILTER = (
    *((0x28, 0, 0, 12), (0x15, 0, 5, 0x86DD)),  # IPv6
    *((0x30, 0, 0, 20), (0x15, 0, 3, 17)),  # UDP
    *((0x28, 0, 0, UDP_OFFSET + 2), (0x15, 0, 1, CLIENT_PORT)),
    *((0x06, 0, 0, 65535), (0x06, 0, 0, 0)),
)


def discover(nic: str, seconds: float = SECONDS) -> tuple[DhcpOffer, ...]:
    """Send a SOLICIT on `nic` and return the servers that answer within `seconds`.

    Without IPv6 on `nic` nobody can be asked, and nobody can answer. Raises OSError where the
    wire can't be asked. Equivalent to: nmap --script broadcast-dhcp6-discover
    """
    with dhcp_discovery.packet_socket(nic, DHCPV6_REPLY_FILTER) as heard:
        asked = new_query(heard, nic)
        try:
            asked.send()
        except OSError:  # no address to send from
            return ()
        return dhcp_discovery.collect_offers(heard, asked, seconds, seconds)


async def watch(nic: str, told: Callable[[DhcpOffer | None], None]) -> None:
    """Ask again and again, until cancelled; tell of each offer, and of the end of a question."""
    await dhcp_discovery.watch(nic, told, DHCPV6_REPLY_FILTER, new_query)


def new_query(heard: socket.socket, nic: str) -> ServerQuery:
    """A SOLICIT under a transaction id of its own."""
    mac, xid = dhcp_discovery.interface_mac(heard, nic), token_bytes(3)
    return ServerQuery(
        partial(_send, nic, solicit_message(xid)), partial(parse_advertise, mac=mac, xid=xid)
    )


def _send(nic: str, text: bytes) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)  # not ourselves
        asking.sendto(text, (ALL_SERVERS, SERVER_PORT, 0, socket.if_nametoindex(nic)))


def solicit_message(xid: bytes) -> bytes:
    """The question of a client that nobody knows, for any address."""
    who = struct.pack("!HH", 4, 0) + token_bytes(16)  # a DUID-UUID, RFC 6355
    options = ((CLIENT_ID, who), (ELAPSED, bytes(2)), (IA_NA, token_bytes(4) + bytes(8)))
    parts = (struct.pack("!HH", code, len(value)) + value for code, value in options)
    return bytes((SOLICIT,)) + xid + b"".join(parts)


def parse_advertise(frame: bytes, mac: bytes, xid: bytes) -> DhcpOffer | None:
    """Who answers in an Ethernet frame, if it is another's answer to this question of `mac`."""
    answer = frame[UDP_OFFSET + 8 :]
    if len(answer) < 4 or answer[0] != ADVERTISE or answer[1:4] != xid or frame[6:12] == mac:
        return None
    return DhcpOffer(str(IPv6Address(frame[22:38])), "an IPv6 address", frame[6:12].hex(":"))
