"""Discovery of other DHCP servers on an L2 segment, by a DHCPDISCOVER that takes no lease.

Used by the host before the service starts, and by the service as long as it runs.
"""

import asyncio
import ctypes
import fcntl
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from itertools import chain, repeat
from secrets import randbits

from . import dhcp_packet
from .vendor import with_vendor

SIOCGIFHWADDR = 0x8927
ETH_P_ALL = 0x0003  # sees a bridge port's frames before the bridge takes them; ETH_P_IP does not
# dnsmasq pings an address for 3 s before its first offer of it, others for 1 s
OFFER_SECONDS = 5.0  # seconds for a first offer
RETRY_SECONDS = 2.0  # seconds until the request is repeated
FURTHER_SECONDS = 0.5  # seconds for further servers, once one has answered
QUERY_INTERVAL = 4.0  # seconds between two queries of the running service
OPEN_QUERIES = 3  # the latest queries, which a late offer may answer
SO_ATTACH_FILTER = 26
BpfProgram = tuple[tuple[int, int, int, int], ...]
# Only UDP to port 68, filtered in the kernel: the segment may be busy. net/bpf(4), linux/filter.h
DHCP_REPLY_FILTER = (
    *((0x28, 0, 0, 12), (0x15, 0, 8, 0x0800)),  # IPv4
    *((0x30, 0, 0, 23), (0x15, 0, 6, 17)),  # UDP
    *((0x28, 0, 0, 20), (0x45, 4, 0, 0x1FFF)),  # the first fragment
    *((0xB1, 0, 0, 14), (0x48, 0, 0, 16), (0x15, 0, 1, 68)),  # its port, after the IP header
    *((0x06, 0, 0, 65535), (0x06, 0, 0, 0)),
)


@dataclass(frozen=True, slots=True)
class DhcpOffer:
    """A DHCP server's offer: who the server is, and the address that it offers."""

    server: str
    offered: str
    mac: str
    router: str | None = None

    def __str__(self) -> str:
        return f"{self.server} ({with_vendor(self.mac)}, offers {self.offered})"


@dataclass(frozen=True, slots=True)
class ServerQuery:
    """A query to all servers: how it is sent, and how a frame is parsed as an offer."""

    send: Callable[[], object]
    parse: Callable[[bytes], DhcpOffer | None]


NewQuery = Callable[[socket.socket, str], ServerQuery]
OnReply = Callable[[DhcpOffer | None], None]


def new_query(packets: socket.socket, interface: str) -> ServerQuery:
    """Return a DHCPDISCOVER with a transaction id of its own."""
    mac, xid = interface_mac(packets, interface), randbits(32)
    send = partial(packets.send, discover_frame(mac, xid))
    return ServerQuery(send, partial(parse_offer, mac=mac, xid=xid))


def discover(interface: str, seconds: float = OFFER_SECONDS) -> tuple[DhcpOffer, ...]:
    """Send a DHCPDISCOVER and return the servers that offer an address within `seconds`.

    It is repeated once if no server answers. Only a DISCOVER is sent, with a transaction id of
    its own: no lease is taken or changed.
    Equivalent to: nmap --script broadcast-dhcp-discover

    Raises:
        OSError: Nothing can be sent on the interface.
    """
    with packet_socket(interface, DHCP_REPLY_FILTER) as packets:
        query = new_query(packets, interface)
        for timeout in (min(RETRY_SECONDS, seconds), max(0.0, seconds - RETRY_SECONDS)):
            query.send()
            if offers := collect_offers(packets, query, timeout, FURTHER_SECONDS):
                return offers
        return ()


async def watch(
    interface: str,
    on_reply: OnReply,
    program: BpfProgram = DHCP_REPLY_FILTER,
    query: NewQuery = new_query,
) -> None:
    """Query until cancelled; report each offer, and None at the end of each query's time.

    A late offer may answer any of the last `OPEN_QUERIES` queries. The first query is soon
    repeated, as a new link may lose it.
    """
    with packet_socket(interface, program) as packets:
        packets.setblocking(False)
        open_queries: deque[ServerQuery] = deque(maxlen=OPEN_QUERIES)
        for seconds in chain((RETRY_SECONDS, OFFER_SECONDS), repeat(QUERY_INTERVAL)):
            open_queries.append(query(packets, interface))
            with suppress(OSError):  # the link is down: no server receives it, and none answers
                open_queries[-1].send()
            await _receive_offers(packets, open_queries, on_reply, seconds)
            on_reply(None)


async def _receive_offers(
    packets: socket.socket, queries: Iterable[ServerQuery], on_reply: OnReply, seconds: float
) -> None:
    """Report every offer within `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                with suppress(OSError):
                    frame = await asyncio.get_running_loop().sock_recv(packets, 65535)
                    for offer in filter(None, [query.parse(frame) for query in queries]):
                        on_reply(offer)
                await asyncio.sleep(0)  # a flood of frames must not starve the other tasks


def discover_frame(mac: bytes, xid: int) -> bytes:
    """Return a DHCPDISCOVER that requests subnet mask, router and server identifier."""
    requested = dhcp_packet.option(55, bytes((1, 3, 54)))
    return dhcp_packet.client_frame(mac, xid, dhcp_packet.DHCPDISCOVER, requested)


def parse_offer(frame: bytes, mac: bytes, xid: int) -> DhcpOffer | None:
    """Return the offer in an Ethernet frame that answers this query; None for any other frame.

    A frame from the querying interface's own MAC address is its own server's: a bridge port in
    hairpin mode sends the query back.
    """
    reply = dhcp_packet.parse_reply(frame, mac, xid)
    if reply is None or reply.message_type != dhcp_packet.DHCPOFFER or reply.mac == mac:
        return None
    router = reply.options.get(dhcp_packet.ROUTER, b"")[:4]
    return DhcpOffer(
        server=str(reply.server),
        offered=str(reply.yiaddr),
        mac=reply.mac.hex(":"),
        router=str(IPv4Address(router)) if len(router) == 4 else None,
    )


@contextmanager
def packet_socket(interface: str, program: BpfProgram) -> Iterator[socket.socket]:
    """Open a packet socket that receives what this BPF program accepts. packet(7)."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as packets:
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
        sock_fprog = struct.pack("HP", len(program), ctypes.addressof(code))
        packets.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, sock_fprog)
        packets.bind((interface, ETH_P_ALL))
        yield packets


def collect_offers(
    packets: socket.socket, query: ServerQuery, seconds: float, further_seconds: float
) -> tuple[DhcpOffer, ...]:
    """Return the offers within `seconds`, or within `further_seconds` of the first one."""
    offers: dict[tuple[str, str], DhcpOffer] = {}
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([packets], [], [], left)[0]:
            break
        if offer := query.parse(packets.recv(65535)):
            offers.setdefault((offer.server, offer.mac), offer)
            deadline = min(deadline, time.monotonic() + further_seconds)
    return tuple(offers.values())


def interface_mac(packets: socket.socket, interface: str) -> bytes:
    """Return the interface's MAC address. netdevice(7)."""
    ifreq = fcntl.ioctl(packets, SIOCGIFHWADDR, struct.pack("256s", interface.encode()[:15]))
    return ifreq[18:24]
