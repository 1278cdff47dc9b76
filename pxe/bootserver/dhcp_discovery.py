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
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from itertools import chain, repeat
from secrets import randbits

from . import dhcp_packet

SIOCGIFHWADDR = 0x8927
ETH_P_ALL = 0x0003  # sees a bridge port's frames before the bridge takes them; ETH_P_IP does not
# dnsmasq pings an address for 3 s before its first offer of it, others for 1 s
OFFER_SECONDS = 5.0  # seconds for a first offer
RETRY_SECONDS = 2.0  # seconds until the request is repeated
FURTHER_SECONDS = 0.5  # seconds for further servers, once one has answered
QUERY_INTERVAL = 4.0  # seconds between two questions of the service that runs
OPEN_QUERIES = 3  # questions of those that a late offer may answer
SO_ATTACH_FILTER = 26
BpfProgram = tuple[tuple[int, int, int, int], ...]
# Only UDP to port 68, in the kernel already: the wire may be busy. net/bpf(4), linux/filter.h
DHCP_REPLY_FILTER = (
    *((0x28, 0, 0, 12), (0x15, 0, 8, 0x0800)),  # IPv4
    *((0x30, 0, 0, 23), (0x15, 0, 6, 17)),  # UDP
    *((0x28, 0, 0, 20), (0x45, 4, 0, 0x1FFF)),  # the first fragment
    *((0xB1, 0, 0, 14), (0x48, 0, 0, 16), (0x15, 0, 1, 68)),  # its port, after the IP header
    *((0x06, 0, 0, 65535), (0x06, 0, 0, 0)),
)


@dataclass(frozen=True, slots=True)
class DhcpOffer:
    """What a DHCP server answered: who it is, and the address it would give."""

    server: str
    offered: str
    mac: str
    router: str | None = None

    def __str__(self) -> str:
        return f"{self.server} ({self.mac}, offers {self.offered})"


@dataclass(frozen=True, slots=True)
class ServerQuery:
    """What asks all servers of a wire, and the offer in a frame that answers it."""

    send: Callable[[], object]
    parse: Callable[[bytes], DhcpOffer | None]


def new_query(heard: socket.socket, nic: str) -> ServerQuery:
    """A DHCPDISCOVER under a transaction id of its own."""
    mac, xid = interface_mac(heard, nic), randbits(32)
    return ServerQuery(
        partial(heard.send, discover_frame(mac, xid)), partial(parse_offer, mac=mac, xid=xid)
    )


def discover(nic: str, seconds: float = OFFER_SECONDS) -> tuple[DhcpOffer, ...]:
    """Send a DHCPDISCOVER on `nic` and return the servers that offer an address within `seconds`.

    It is repeated once, if nobody answers. Only a DISCOVER is sent, under a transaction id of
    its own: no lease is taken or changed. Raises OSError where the wire can't be asked.
    Equivalent to: nmap --script broadcast-dhcp-discover
    """
    with packet_socket(nic, DHCP_REPLY_FILTER) as heard:
        asked = new_query(heard, nic)
        for patience in (min(RETRY_SECONDS, seconds), max(0.0, seconds - RETRY_SECONDS)):
            asked.send()
            if offers := collect_offers(heard, asked, patience, FURTHER_SECONDS):
                return offers
        return ()


async def watch(
    nic: str,
    told: Callable[[DhcpOffer | None], None],
    program: BpfProgram = DHCP_REPLY_FILTER,
    ask: Callable[[socket.socket, str], ServerQuery] = new_query,
) -> None:
    """Ask again and again, until cancelled; tell of each offer, and when a question's time is up.

    An offer may be late: it may answer any of the last `REMEMBERED` questions. The first is soon
    repeated, as a new link may lose it.
    """
    with packet_socket(nic, program) as heard:
        heard.setblocking(False)
        asked: deque[ServerQuery] = deque(maxlen=OPEN_QUERIES)
        for seconds in chain((RETRY_SECONDS, OFFER_SECONDS), repeat(QUERY_INTERVAL)):
            asked.append(ask(heard, nic))
            with suppress(OSError):  # the link is down: nobody hears it, and nobody answers
                asked[-1].send()
            await _receive_offers(heard, asked, told, seconds)
            told(None)


async def _receive_offers(
    heard: socket.socket,
    asked: Iterable[ServerQuery],
    told: Callable[[DhcpOffer], None],
    seconds: float,
) -> None:
    """Tell of every offer within `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                with suppress(OSError):
                    frame = await asyncio.get_running_loop().sock_recv(heard, 65535)
                    for offer in filter(None, [one.parse(frame) for one in asked]):
                        told(offer)
                await asyncio.sleep(0)  # a flood of frames must not keep others from their turn


def discover_frame(mac: bytes, xid: int) -> bytes:
    """The question that is asked: a DHCPDISCOVER that wishes for mask, router and server."""
    return dhcp_packet.client_frame(
        mac, xid, dhcp_packet.DHCPDISCOVER, dhcp_packet.option(55, bytes((1, 3, 54)))
    )


def parse_offer(frame: bytes, mac: bytes, xid: int) -> DhcpOffer | None:
    """The offer in an Ethernet frame, if it is one to this request; None for anything else.

    What comes from the asking card itself is its own server's: a bridge port in hairpin mode sends
    the question back.
    """
    answer = dhcp_packet.parse_reply(frame, mac, xid)
    if answer is None or answer.message_type != dhcp_packet.DHCPOFFER or answer.mac == mac:
        return None
    router = answer.options.get(dhcp_packet.ROUTER, b"")[:4]
    return DhcpOffer(
        server=str(answer.server),
        offered=str(answer.yiaddr),
        mac=answer.mac.hex(":"),
        router=str(IPv4Address(router)) if len(router) == 4 else None,
    )


@contextmanager
def packet_socket(nic: str, program: BpfProgram) -> Iterator[socket.socket]:
    """The wire's frames as far as this program of bpf(4) lets them through."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as heard:
        lines = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
        told = struct.pack("HP", len(program), ctypes.addressof(lines))
        heard.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, told)
        heard.bind((nic, ETH_P_ALL))
        yield heard


def collect_offers(
    heard: socket.socket, asked: ServerQuery, seconds: float, others: float
) -> tuple[DhcpOffer, ...]:
    """The servers that answer within `seconds`, or `others` after the first one."""
    found: dict[tuple[str, str], DhcpOffer] = {}
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if not select.select([heard], [], [], left)[0]:
            break
        if offer := asked.parse(heard.recv(65535)):
            found.setdefault((offer.server, offer.mac), offer)
            until = min(until, time.monotonic() + others)
    return tuple(found.values())


def interface_mac(heard: socket.socket, nic: str) -> bytes:
    """The MAC address of the NIC whose wire that is."""
    answer = fcntl.ioctl(heard, SIOCGIFHWADDR, struct.pack("256s", nic.encode()[:15]))
    return answer[18:24]
