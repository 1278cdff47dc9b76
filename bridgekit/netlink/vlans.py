"""The VLANs of bridges that know VLANs, and of their ports.

Equivalent to: bridge vlan show
"""

import struct
from collections.abc import Iterator

from msgspec.structs import replace

from bridgekit.netlink.links import IFINFOMSG
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state import nlattr
from bridgekit.state.link import Link, Vlan
from bridgekit.uapi.if_bridge import (
    BRIDGE_VLAN_INFO_PVID,
    BRIDGE_VLAN_INFO_RANGE_BEGIN,
    BRIDGE_VLAN_INFO_UNTAGGED,
    IFLA_BRIDGE_VLAN_INFO,
)
from bridgekit.uapi.if_link import IFLA_AF_SPEC, IFLA_EXT_MASK
from bridgekit.uapi.rtnetlink import RTEXT_FILTER_BRVLAN_COMPRESSED, RTM_GETLINK
from bridgekit.uapi.socket import AF_BRIDGE

BRIDGE_VLAN_INFO = struct.Struct("=HH")


def with_vlans(sock: NetlinkSocket, links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the links with the VLANs of those that have to do with a bridge that knows VLANs."""
    aware = {link.name for link in links if link.bridge and link.bridge.vlan_filtering}
    found = _lists(sock) if aware else {}
    return tuple(
        replace(link, vlans=found.get(link.index, ()))
        if aware & {link.name, link.controller}
        else link
        for link in links
    )


def _lists(sock: NetlinkSocket) -> dict[int, tuple[Vlan, ...]]:
    """Return the VLANs by link; a NIC that is a switch itself answers as well, without VLANs."""
    head = IFINFOMSG.pack(AF_BRIDGE, 0, 0, 0, 0) + nlattr.pack_u32(
        IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED
    )
    bodies = sock.dump(RTM_GETLINK, head)
    each = ((IFINFOMSG.unpack_from(body)[2], tuple(_vlans(body))) for body in bodies)
    return {index: vlans for index, vlans in each if vlans}


def _vlans(body: bytes) -> Iterator[Vlan]:
    """Yield VLANs; a range comes as two entries, its ends."""
    spec, first = nlattr.parse(body, IFINFOMSG.size).get(IFLA_AF_SPEC, b""), 0
    for kind, at, _ in nlattr.attributes(spec, 0):
        if kind == IFLA_BRIDGE_VLAN_INFO:
            marks, last = BRIDGE_VLAN_INFO.unpack_from(spec, at)
            first = first or last
            if not marks & BRIDGE_VLAN_INFO_RANGE_BEGIN:
                yield Vlan(
                    first,
                    last,
                    bool(marks & BRIDGE_VLAN_INFO_PVID),
                    bool(marks & BRIDGE_VLAN_INFO_UNTAGGED),
                )
                first = 0
