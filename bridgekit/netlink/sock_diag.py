"""Sockets as the kernel lists them: sock_diag(7).

Raw sockets are listed only by kernels that have raw_diag.
"""

import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from bridgekit.netlink.refusal import NetlinkError
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state import nlattr
from bridgekit.uapi.netlink import NETLINK_SOCK_DIAG
from bridgekit.uapi.sock_diag import (
    INET_DIAG_BC_DEV_COND,
    INET_DIAG_INFO,
    INET_DIAG_NOCOOKIE,
    INET_DIAG_REQ_BYTECODE,
    SOCK_DIAG_BY_FAMILY,
    TCP_NEW_SYN_RECV,
    TCP_SYN_RECV,
    TCP_TIME_WAIT,
)

FAMILIES = (socket.AF_INET, socket.AF_INET6)
PROTOCOLS = {socket.IPPROTO_TCP: "TCP", socket.IPPROTO_UDP: "UDP", socket.IPPROTO_RAW: "raw"}
HELD_STATES = 0xFFFFFFFF & ~(1 << TCP_SYN_RECV | 1 << TCP_TIME_WAIT | 1 << TCP_NEW_SYN_RECV)
"""The states in which a program holds the socket, as bits of `idiag_states`."""
INET_DIAG_LIST = struct.Struct("=BBBxI48x")
"""`struct inet_diag_req_v2` without an `id`: a list of sockets, not one."""
INET_DIAG_MSG = struct.Struct("=4x2s34xI24xI")
INET_DIAG_REQ_V2 = struct.Struct("=BBBxI2s2s16s16sIQ")
TCPI_RETRANSMITS, TCPI_UNACKED = 2, 24
"""The offsets of these fields in `struct tcp_info` (linux/tcp.h)."""


class BoundSocket(Struct, frozen=True):
    """A socket bound to one link; its inode leads to the process that holds it."""

    name: str
    inode: int


def sockets_bound_to(index: int) -> tuple[BoundSocket, ...]:
    """Return the sockets bound to this interface.

    Equivalent to: ss -a dev NAME

    None where the kernel cannot list sockets, or not those of a protocol.
    """
    try:
        with NetlinkSocket(NETLINK_SOCK_DIAG) as sock:
            kinds = ((family, protocol) for family in FAMILIES for protocol in PROTOCOLS)
            return tuple(one for kind in kinds for one in _list_bound(sock, *kind, index))
    except OSError:
        return ()


def all_acknowledged(local: tuple[str, int], peer: tuple[str, int]) -> bool:
    """Return whether the peer of this TCP connection has acknowledged all that was sent to it.

    True also when there is no such connection any more: then one of the two has ended it.
    Equivalent to: ss -tin src LOCAL dst PEER
    """
    ends = [ip_address(host.partition("%")[0]).packed for host, _ in (local, peer)]
    family = socket.AF_INET if len(ends[0]) == 4 else socket.AF_INET6
    ports = [port.to_bytes(2) for _, port in (local, peer)]
    tcp = socket.IPPROTO_TCP
    with NetlinkSocket(NETLINK_SOCK_DIAG) as sock:
        request = INET_DIAG_REQ_V2.pack(
            family,
            tcp,
            1 << (INET_DIAG_INFO - 1),
            HELD_STATES,
            *ports,
            *ends,
            0,
            INET_DIAG_NOCOOKIE,
        )
        found = sock.get(SOCK_DIAG_BY_FAMILY, request)
    info = nlattr.parse(found, INET_DIAG_MSG.size).get(INET_DIAG_INFO) if found else None
    return info is None or not (info[TCPI_RETRANSMITS] or nlattr.u32(info, TCPI_UNACKED))


def _list_bound(
    sock: NetlinkSocket, family: int, protocol: int, index: int
) -> Iterator[BoundSocket]:
    request = INET_DIAG_LIST.pack(family, protocol, 0, HELD_STATES)
    condition = struct.pack(
        "=BBHI", INET_DIAG_BC_DEV_COND, 8, 12, index
    )  # the kernel sorts, not we
    try:
        bodies = sock.dump(
            SOCK_DIAG_BY_FAMILY, request + nlattr.pack(INET_DIAG_REQ_BYTECODE, condition)
        )
    except NetlinkError:
        return
    for body in bodies:
        port, device, inode = INET_DIAG_MSG.unpack_from(body)
        if device == index:
            yield BoundSocket(f"{PROTOCOLS[protocol]} port {int.from_bytes(port)}", inode)
