"""The queueing disciplines of a link, as the kernel lists them. See tc(8), linux/pkt_sched.h."""

import struct
from collections.abc import Iterator

from msgspec import Struct

from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state import nlattr
from bridgekit.uapi.rtnetlink import RTM_GETQDISC, TCA_KIND

TCMSG = struct.Struct("=BxxxiIII")
"""struct tcmsg: family, ifindex, handle, parent, info."""


class Qdisc(Struct, frozen=True):
    """A queueing discipline; `handle` is its major number, 0 for one that the kernel chose."""

    kind: str
    handle: int

    def __str__(self) -> str:
        """Return the kind and the handle as tc(8) shows them."""
        return f"{self.kind} {self.handle:x}:"


def qdiscs(sock: NetlinkSocket, index: int) -> tuple[Qdisc, ...]:
    """Return those of one link.

    Equivalent to: tc qdisc show dev LINK
    """
    return tuple(_of_link(sock.dump(RTM_GETQDISC, TCMSG.pack(0, index, 0, 0, 0)), index))


def _of_link(bodies: list[bytes], index: int) -> Iterator[Qdisc]:
    """Yield those of one link; the kernel lists those of all, whatever it is asked for."""
    for body in bodies:
        _, link, handle, _, _ = TCMSG.unpack_from(body)
        if link == index:
            kind = nlattr.parse(body, TCMSG.size).get(TCA_KIND, b"")
            yield Qdisc(nlattr.string(kind), handle >> 16)
