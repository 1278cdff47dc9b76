"""Multipath routes whose nexthops differ in metrics that a dump shows of the first one only.

The nexthops of an IPv6 route that were added one by one may have metrics of their own (`mtu` and
the like). A dump shows the first one's for all (rt6_fill_node in net/ipv6/route.c); a look-up over
one link shows that nexthop's, if the policy rules lead there.
"""

import socket
from collections.abc import Iterator

from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state import nlattr
from bridgekit.state.routes.message import RTMSG, attributes, fib_key, nexthops
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import (
    RTA_DST,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_OIF,
    RTM_F_FIB_MATCH,
    RTM_GETROUTE,
)


def unequal_metrics(sock: NetlinkSocket, routes: RouteSet, link: str) -> Iterator[bytes]:
    """Yield the IPv6 routes with a nexthop on this link whose nexthops have different metrics."""
    for message in routes.on_link(link).messages:
        if message[0] == socket.AF_INET6 and RTA_MULTIPATH in attributes(message):
            numbers = {index for _, index, _ in nexthops(message)}
            answers = (_look_up(sock, message, index) for index in sorted(numbers))
            metrics = {found.get(RTA_METRICS) for found in answers if found is not None}
            if len(metrics | {attributes(message).get(RTA_METRICS)}) > 1:
                yield message


def _look_up(sock: NetlinkSocket, message: bytes, index: int) -> dict[int, bytes] | None:
    """Return the attributes of the nexthop over this link; None if a look-up leads elsewhere."""
    body = RTMSG.pack(socket.AF_INET6, 128, 0, 0, 0, 0, 0, 0, RTM_F_FIB_MATCH)
    body += nlattr.pack(RTA_DST, attributes(message).get(RTA_DST, bytes(16)))
    answer = sock.get(RTM_GETROUTE, body + nlattr.pack(RTA_OIF, nlattr.U32.pack(index)))
    same = answer is not None and fib_key(answer) == fib_key(message)
    return attributes(answer) if answer is not None and same else None
