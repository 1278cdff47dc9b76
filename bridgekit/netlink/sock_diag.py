"""What the kernel's own list of sockets tells: sock_diag(7).

Raw sockets are listed only by kernels that have raw_diag.
"""

import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from bridgekit.netlink.socket import NetlinkError, NetlinkSocket
from bridgekit.state import nlattr

SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
FAMILIES = (socket.AF_INET, socket.AF_INET6)
PROTOCOLS = {socket.IPPROTO_TCP: "TCP", socket.IPPROTO_UDP: "UDP", socket.IPPROTO_RAW: "raw"}
PASSING = 1 << 3 | 1 << 6 | 1 << 12  # SYN_RECV, TIME_WAIT, NEW_SYN_RECV: no program has these
REQUEST = struct.Struct("=BBBxI48x")
SOCKET = struct.Struct("=4x2s34xI24xI")
BYTECODE, DEVICE_CONDITION = 1, 9
ONE = struct.Struct("=BBBxI2s2s16s16sIQ")
INFO, INFO_WANTED, ANY = 2, 1 << 1, 0xFFFFFFFFFFFFFFFF
RETRANSMITS, UNACKNOWLEDGED = 2, 24  # where struct tcp_info has them


class Bound(Struct, frozen=True):
    """A socket that hears one interface only; its inode leads to the process that holds it."""

    name: str
    inode: int


def bound_to(index: int) -> tuple[Bound, ...]:
    """Return the sockets bound to this interface. Equivalent to: ss -a dev NAME

    A kernel that lists no sockets, or none of a protocol, has none to tell of.
    """
    try:
        with NetlinkSocket(SOCK_DIAG) as channel:
            kinds = ((family, protocol) for family in FAMILIES for protocol in PROTOCOLS)
            return tuple(one for kind in kinds for one in _listed(channel, *kind, index))
    except OSError:
        return ()


def acknowledged(local: tuple[str, int], peer: tuple[str, int]) -> bool:
    """Has the peer of this TCP connection acknowledged all that was sent to it?

    Also when there is no such connection any more: then one of the two has ended it.
    Equivalent to: ss -tin src LOCAL dst PEER
    """
    ends = [ip_address(host.partition("%")[0]).packed for host, _ in (local, peer)]
    family = socket.AF_INET if len(ends[0]) == 4 else socket.AF_INET6
    ports = [port.to_bytes(2) for _, port in (local, peer)]
    states = 0xFFFFFFFF & ~PASSING
    tcp = socket.IPPROTO_TCP
    with NetlinkSocket(SOCK_DIAG) as channel:
        request = ONE.pack(family, tcp, INFO_WANTED, states, *ports, *ends, 0, ANY)
        found = channel.ask(SOCK_DIAG_BY_FAMILY, request)
    info = nlattr.found(found, SOCKET.size).get(INFO) if found else None
    return info is None or not (info[RETRANSMITS] or nlattr.u32(info, UNACKNOWLEDGED))


def _listed(channel: NetlinkSocket, family: int, protocol: int, index: int) -> Iterator[Bound]:
    request = REQUEST.pack(family, protocol, 0, 0xFFFFFFFF & ~PASSING)
    condition = struct.pack("=BBHI", DEVICE_CONDITION, 8, 12, index)  # the kernel sorts, not we
    try:
        bodies = channel.dump(SOCK_DIAG_BY_FAMILY, request + nlattr.attribute(BYTECODE, condition))
    except NetlinkError:
        return
    for body in bodies:
        port, device, inode = SOCKET.unpack_from(body)
        if device == index:
            yield Bound(f"{PROTOCOLS[protocol]} port {int.from_bytes(port)}", inode)
