"""Discovery of other DHCPv6 servers, by a SOLICIT that takes no lease. RFC 8415."""

import socket
import struct
from functools import partial
from ipaddress import IPv6Address
from secrets import token_bytes

from . import dhcp_discovery
from .dhcp_discovery import DhcpOffer, OnReply, ServerQuery

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


def discover(interface: str, seconds: float = SECONDS) -> tuple[DhcpOffer, ...]:
    """Send a SOLICIT and return the servers that answer within `seconds`.

    Without IPv6 on the interface nothing can be sent, and no server can answer.
    Equivalent to: nmap --script broadcast-dhcp6-discover

    Raises:
        OSError: The interface cannot be used.
    """
    with dhcp_discovery.packet_socket(interface, DHCPV6_REPLY_FILTER) as packets:
        query = new_query(packets, interface)
        try:
            query.send()
        except OSError:  # no address to send from
            return ()
        return dhcp_discovery.collect_offers(packets, query, seconds, seconds)


async def watch(interface: str, on_reply: OnReply) -> None:
    """Query until cancelled; report each answer, and None at the end of each query's time."""
    await dhcp_discovery.watch(interface, on_reply, DHCPV6_REPLY_FILTER, new_query)


def new_query(packets: socket.socket, interface: str) -> ServerQuery:
    """Return a SOLICIT with a transaction id of its own."""
    mac, xid = dhcp_discovery.interface_mac(packets, interface), token_bytes(3)
    send = partial(_send, interface, solicit_message(xid))
    return ServerQuery(send, partial(parse_advertise, mac=mac, xid=xid))


def _send(interface: str, message: bytes) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)  # not ourselves
        client.sendto(message, (ALL_SERVERS, SERVER_PORT, 0, socket.if_nametoindex(interface)))


def solicit_message(xid: bytes) -> bytes:
    """Return a SOLICIT of a client that no server has seen before, for any address."""
    duid = struct.pack("!HH", 4, 0) + token_bytes(16)  # a DUID-UUID, RFC 6355
    options = ((CLIENT_ID, duid), (ELAPSED, bytes(2)), (IA_NA, token_bytes(4) + bytes(8)))
    parts = (struct.pack("!HH", code, len(value)) + value for code, value in options)
    return bytes((SOLICIT,)) + xid + b"".join(parts)


def parse_advertise(frame: bytes, mac: bytes, xid: bytes) -> DhcpOffer | None:
    """Return the server in an Ethernet frame that answers this query of `mac`; else None."""
    message = frame[UDP_OFFSET + 8 :]
    if len(message) < 4 or message[0] != ADVERTISE or message[1:4] != xid or frame[6:12] == mac:
        return None
    return DhcpOffer(str(IPv6Address(frame[22:38])), "an IPv6 address", frame[6:12].hex(":"))
