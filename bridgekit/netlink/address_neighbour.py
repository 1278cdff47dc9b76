"""Requests about addresses, neighbours and routes, packed here or taken from a dump."""

import socket
import struct
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from bridgekit.netlink.socket import Request
from bridgekit.state import nlattr
from bridgekit.state.address import FOREVER, Address
from bridgekit.state.link import Neighbour
from bridgekit.state.routes.message import (
    CONNECTED_METRIC,
    RTMSG,
    attributes,
    connected_route,
    destination,
    expires,
    without_state,
)
from bridgekit.state.routes.nexthop_object import without_nexthop_of_object
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.if_addr import (
    IFA_ADDRESS,
    IFA_BROADCAST,
    IFA_CACHEINFO,
    IFA_F_TENTATIVE,
    IFA_FLAGS,
    IFA_LABEL,
    IFA_LOCAL,
    IFA_PROTO,
    IFA_RT_PRIORITY,
)
from bridgekit.uapi.neighbour import (
    NDA_DST,
    NDA_FLAGS_EXT,
    NDA_LLADDR,
    NDA_PROTOCOL,
    NTF_EXT_MANAGED,
    NUD_STALE,
)
from bridgekit.uapi.netlink import NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import (
    RTA_DST,
    RTA_EXPIRES,
    RTA_METRICS,
    RTA_OIF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_TABLE,
    RTM_NEWADDR,
)

IFADDRMSG, NDMSG = struct.Struct("=BBBBI"), struct.Struct("=BxxxiHBB")
IFA_CACHEINFO_VALUE = struct.Struct("=IIII")
"""`struct ifa_cacheinfo`: preferred and valid lifetime, when it was made and last changed."""


def address_message(address: Address, index: int, flags: int) -> bytes:
    """Return an address's message; IFA_LOCAL and IFA_ADDRESS differ only for a peer."""
    lifetimes = address.preferred, address.valid
    label, broadcast = address.label, address.broadcast
    return b"".join(
        (
            IFADDRMSG.pack(address.family, address.prefixlen, 0, address.scope, index),
            nlattr.pack(IFA_LOCAL, ip_address(address.ip).packed),
            nlattr.pack(IFA_ADDRESS, ip_address(address.peer or address.ip).packed),
            nlattr.pack(IFA_BROADCAST, ip_address(broadcast).packed) if broadcast else b"",
            nlattr.pack_string(IFA_LABEL, label) if label else b"",
            nlattr.pack_u32(IFA_FLAGS, flags & ~IFA_F_TENTATIVE),
            nlattr.pack_u32(IFA_RT_PRIORITY, address.metric) if address.metric else b"",
            nlattr.pack(IFA_PROTO, bytes([address.protocol])) if address.protocol else b"",
            b""
            if lifetimes == (FOREVER, FOREVER)
            else nlattr.pack(IFA_CACHEINFO, IFA_CACHEINFO_VALUE.pack(*lifetimes, 0, 0)),
        )
    )


def restore_flags(address: Address, index: int) -> Request:
    """Take the "no duplicate detection" flag off again, now that it has served."""
    body = address_message(address, index, address.flags)
    return Request(RTM_NEWADDR, body, f"address {address} dev {address.link}", NLM_F_REPLACE)


def peer_prefix_routes(
    index: int, changed: Sequence[Address], connected: RouteSet
) -> Iterator[bytes]:
    """Yield the routes that the kernel makes when the flags of an address with a peer change.

    It takes the peer's network for the address's own (modify_prefix_route in net/ipv6/addrconf.c).
    Those that someone else made, or another address brings, are not of them.
    """
    present = {(destination(message), message[0]) for message in connected.messages}
    for address in changed:
        if address.peer and (address.network, socket.AF_INET6) not in present:
            network, metric = address.network, address.metric or CONNECTED_METRIC[socket.AF_INET6]
            yield connected_route(
                index, socket.AF_INET6, network.network_address.packed, network.prefixlen, metric
            )


def neighbour_message(entry: Neighbour, index: int) -> bytes:
    """Return a neighbour's message; one that is not permanent is added as stale."""
    lasting = entry.lasting and not entry.managed
    mac, protocol = bytes.fromhex(entry.mac.replace(":", "")), entry.protocol
    state = entry.state if lasting else NUD_STALE if mac else 0  # proven at first use
    return b"".join(
        (
            NDMSG.pack(entry.family, index, state, entry.flags, 0),
            nlattr.pack(NDA_DST, ip_address(entry.ip).packed),
            nlattr.pack(NDA_LLADDR, mac) if mac else b"",
            nlattr.pack(NDA_PROTOCOL, bytes([protocol])) if protocol else b"",
            nlattr.pack_u32(NDA_FLAGS_EXT, NTF_EXT_MANAGED) if entry.managed else b"",
        )
    )


def with_kernel_defaults(connected: RouteSet, addresses: tuple[Address, ...]) -> RouteSet:
    """Return the IPv4 routes with metrics or another source, as the kernel makes them itself.

    That is: as it makes them for these addresses. By that it finds them when they are deleted.
    """
    sources = {net: ip_address(a.ip).packed for a in addresses[::-1] for net in a.connected}

    def changed(message: bytes) -> bool:
        found, where = attributes(message), destination(message)
        other = found.get(RTA_PREFSRC) != sources.get(where)
        return message[0] == socket.AF_INET and where in sources and (other or RTA_METRICS in found)

    kept = (RTA_DST, RTA_OIF, RTA_TABLE, RTA_PRIORITY)
    bare = (_with_attributes(message, kept) for message in connected.where(changed).messages)
    return RouteSet(connected.names, tuple(bare))


def _with_attributes(message: bytes, kinds: tuple[int, ...]) -> bytes:
    found = attributes(message)
    return message[: RTMSG.size] + b"".join(
        nlattr.pack(kind, found[kind]) for kind in kinds if kind in found
    )


def request_message(message: bytes) -> bytes:
    """Return a dumped route as a request: its remaining time goes into RTA_EXPIRES."""
    bare = without_nexthop_of_object(without_state(message))
    if message[0] == socket.AF_INET6 and expires(message):
        bare += nlattr.pack_u32(RTA_EXPIRES, expires(message))
    return bare
