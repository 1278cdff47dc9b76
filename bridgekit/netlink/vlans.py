"""The VLANs of bridges that know VLANs, and of their ports. Equivalent to: bridge vlan show"""

import struct
from collections.abc import Iterator

from msgspec.structs import replace

from bridgekit.netlink.fdb import AF_BRIDGE
from bridgekit.netlink.links import AF_SPEC, GETLINK, IFINFO
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state import nlattr
from bridgekit.state.link import Link, Vlan

EXT_MASK, IN_RANGES = 29, 4
"""Asks for VLANs, those that are alike together (RTEXT_FILTER_BRVLAN_COMPRESSED)."""
VLAN_INFO = 2
INFO = struct.Struct("=HH")
PVID, UNTAGGED, BEGINS = 0x02, 0x04, 0x08


def with_vlans(channel: NetlinkSocket, links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the links with the VLANs of those that have to do with a bridge that knows VLANs."""
    aware = {link.name for link in links if link.bridge and link.bridge.vlan_filtering}
    found = _lists(channel) if aware else {}
    return tuple(
        replace(link, vlans=found.get(link.index, ()))
        if aware & {link.name, link.controller}
        else link
        for link in links
    )


def _lists(channel: NetlinkSocket) -> dict[int, tuple[Vlan, ...]]:
    """A card that is a switch itself answers as well, without VLANs."""
    head = IFINFO.pack(AF_BRIDGE, 0, 0, 0, 0) + nlattr.number(EXT_MASK, IN_RANGES)
    bodies = channel.dump(GETLINK, head)
    each = ((IFINFO.unpack_from(body)[2], tuple(_vlans(body))) for body in bodies)
    return {index: vlans for index, vlans in each if vlans}


def _vlans(body: bytes) -> Iterator[Vlan]:
    """A range is told by its two ends."""
    spec, first = nlattr.found(body, IFINFO.size).get(AF_SPEC, b""), 0
    for kind, at, _ in nlattr.attributes(spec, 0):
        if kind == VLAN_INFO:
            marks, last = INFO.unpack_from(spec, at)
            first = first or last
            if not marks & BEGINS:
                yield Vlan(first, last, bool(marks & PVID), bool(marks & UNTAGGED))
                first = 0
