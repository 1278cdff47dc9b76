"""Routes that use a nexthop object (ip-nexthop(8))."""

from bridgekit.state import nlattr
from bridgekit.state.routes.message import RTMSG
from bridgekit.uapi.rtnetlink import (
    RTA_ENCAP,
    RTA_ENCAP_TYPE,
    RTA_GATEWAY,
    RTA_MULTIPATH,
    RTA_NH_ID,
    RTA_OIF,
    RTA_VIA,
)

OF_NEXTHOP = frozenset({RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH, RTA_ENCAP, RTA_ENCAP_TYPE})


def without_nexthop_of_object(message: bytes) -> bytes:
    """Return a route without what the kernel tells of the nexthop object that it uses.

    A request may have one or the other (rtm_to_fib_config in net/ipv4/fib_frontend.c).
    """
    pairs = list(nlattr.attributes(message, RTMSG.size))
    if not any(kind == RTA_NH_ID for kind, _, _ in pairs):
        return message
    kept = (nlattr.pack(kind, message[at:end]) for kind, at, end in pairs if kind not in OF_NEXTHOP)
    return message[: RTMSG.size] + b"".join(kept)
