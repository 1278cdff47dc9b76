"""The link that the kernel would send over, by a look-up in its routing tables.

See ip-route(8), get.
"""

import socket
from ipaddress import IPv4Address, IPv6Address

from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state import nlattr
from bridgekit.state.routes.message import RTMSG, attributes
from bridgekit.uapi.rtnetlink import RTA_DST, RTA_OIF, RTM_GETROUTE


def outgoing_index(sock: NetlinkSocket, address: IPv4Address | IPv6Address) -> int | None:
    """Return the index of the link that an address is reached over; None if there is no route.

    Equivalent to: ip route get ADDRESS
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    head = RTMSG.pack(family, address.max_prefixlen, 0, 0, 0, 0, 0, 0, 0)
    answer = sock.get(RTM_GETROUTE, head + nlattr.pack(RTA_DST, address.packed))
    found = attributes(answer) if answer else {}
    return nlattr.u32(found[RTA_OIF]) if RTA_OIF in found else None
