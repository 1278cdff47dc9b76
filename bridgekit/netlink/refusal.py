"""What the kernel refuses: the errno, its own words, the object, and the sysctl that limits it."""

import errno
import os
import struct

from bridgekit.errors import BridgekitError
from bridgekit.netlink.message import NLMSGHDR
from bridgekit.state import nlattr
from bridgekit.uapi.netlink import NLM_F_ACK_TLVS, NLMSGERR_ATTR_MSG
from bridgekit.uapi.rtnetlink import (
    RTM_GETADDR,
    RTM_GETLINK,
    RTM_GETNEIGH,
    RTM_GETNEXTHOP,
    RTM_GETQDISC,
    RTM_GETROUTE,
    RTM_GETRULE,
    RTM_NEWADDR,
    RTM_NEWNEIGH,
)
from bridgekit.uapi.sock_diag import SOCK_DIAG_BY_FAMILY
from bridgekit.uapi.socket import AF_INET, AF_INET6

ERRNO = struct.Struct("=i")
NLMSGERR_SIZE = ERRNO.size + NLMSGHDR.size
"""The size of `struct nlmsgerr` with NETLINK_CAP_ACK: the errno, and the header of the request."""
FULL = "the neighbour table is full: net.{}.neigh.default.gc_thresh3"
LIMITS = {
    (RTM_NEWNEIGH, errno.ENOBUFS, AF_INET): FULL.format("ipv4"),
    (RTM_NEWNEIGH, errno.ENOBUFS, AF_INET6): FULL.format("ipv6"),
    (RTM_NEWADDR, errno.EACCES, AF_INET6): "IPv6 is disabled there: net.ipv6.conf.*.disable_ipv6",
}
"""The sysctl that is behind an errno, by type of request, errno and family."""
LISTED = {
    RTM_GETLINK: "links",
    RTM_GETADDR: "addresses",
    RTM_GETROUTE: "routes",
    RTM_GETNEIGH: "neighbours",
    RTM_GETRULE: "policy rules",
    RTM_GETNEXTHOP: "nexthop objects",
    RTM_GETQDISC: "queueing disciplines",
    SOCK_DIAG_BY_FAMILY: "sockets",
}
"""What a request for a list or for one object is about."""


class NetlinkError(BridgekitError):
    """The kernel refused a request; `code` is the errno, `what` names the object."""

    def __init__(self, code: int, what: str, reason: str = "") -> None:
        self.code = code
        super().__init__(f"the kernel refused: {reason or os.strerror(code)} ({what})")


def read_error(body: bytes, flags: int, done: bool = False) -> tuple[int, str]:
    """Return the errno, or 0, and the extended ACK message of an NLMSG_ERROR, or NLMSG_DONE.

    In an NLMSG_DONE attributes follow the errno at once: netlink_dump_done(), af_netlink.c.
    """
    code = -ERRNO.unpack_from(body)[0] if len(body) >= ERRNO.size else 0
    if not (code and flags & NLM_F_ACK_TLVS):
        return code, ""
    start = ERRNO.size if done else NLMSGERR_SIZE
    return code, nlattr.string(nlattr.parse(body, start).get(NLMSGERR_ATTR_MSG, b""))


def reason(kind: int, family: int, code: int, words: str) -> str:
    """Return why a request was refused, for a person: the sysctl to blame where it is known."""
    usual = ": ".join(filter(None, (os.strerror(code), words)))
    return LIMITS.get((kind, code, family), usual)
