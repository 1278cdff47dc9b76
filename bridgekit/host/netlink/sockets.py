"""Which sockets are bound to an interface, from the kernel's own list: sock_diag(7).

Raw sockets are listed only by kernels that have raw_diag.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bridgekit.host.netlink.channel import Channel, NetlinkError
from bridgekit.model import wire

SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
FAMILIES = (socket.AF_INET, socket.AF_INET6)
PROTOCOLS = {socket.IPPROTO_TCP: "TCP", socket.IPPROTO_UDP: "UDP", socket.IPPROTO_RAW: "raw"}
PASSING = 1 << 3 | 1 << 6 | 1 << 12  # SYN_RECV, TIME_WAIT, NEW_SYN_RECV: no program has these
REQUEST = struct.Struct("=BBBxI48x")
SOCKET = struct.Struct("=4x2s34xI24xI")
BYTECODE, DEVICE_CONDITION = 1, 9


@dataclass(frozen=True, slots=True)
class Bound:
    """A socket that hears one interface only; its inode leads to the process that holds it."""

    name: str
    inode: int


def bound_to(index: int) -> tuple[Bound, ...]:
    """Return the sockets bound to this interface. Equivalent to: ss -a dev NAME

    A kernel that lists no sockets, or none of a protocol, has none to tell of.
    """
    try:
        with Channel(SOCK_DIAG) as channel:
            kinds = ((family, protocol) for family in FAMILIES for protocol in PROTOCOLS)
            return tuple(one for kind in kinds for one in _listed(channel, *kind, index))
    except OSError:
        return ()


def _listed(channel: Channel, family: int, protocol: int, index: int) -> Iterator[Bound]:
    request = REQUEST.pack(family, protocol, 0, 0xFFFFFFFF & ~PASSING)
    condition = struct.pack("=BBHI", DEVICE_CONDITION, 8, 12, index)  # the kernel sorts, not we
    try:
        bodies = channel.dump(SOCK_DIAG_BY_FAMILY, request + wire.attribute(BYTECODE, condition))
    except NetlinkError:
        return
    for body in bodies:
        port, device, inode = SOCKET.unpack_from(body)
        if device == index:
            yield Bound(f"{PROTOCOLS[protocol]} port {int.from_bytes(port)}", inode)
