"""Sort the messages of a dump of one family's routes into blocks and single ones."""

import struct
from array import array
from functools import cache

from bridgekit.state import nlattr
from bridgekit.state.address import IPV6
from bridgekit.state.routes.block import (
    ADDRESS_BYTES,
    DST_LEN_OFFSET,
    DST_OFFSET,
    PREFIX_OFFSET,
    TABLE_OFFSET,
    RouteBlock,
    begins_with_prefix,
)
from bridgekit.state.routes.message import attributes, expires, fib_key, header, table_of
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import (
    RT_TABLE_LOCAL,
    RTA_MULTIPATH,
    RTA_NH_ID,
    RTA_TABLE,
    RTN_UNICAST,
    RTPROT_KERNEL,
)

MIN_BLOCK = 64
"""As many routes make a block: an ordinary host's routes are kept one by one."""
LARGE_DUMP = 1000
"""In a dump of as many, two make a block: one by one each route takes half a millisecond."""


class _Group:
    """The routes of one block key, as they come."""

    __slots__ = ("positions", "prefixes", "sample")

    def __init__(self, sample: bytes) -> None:
        self.sample, self.prefixes, self.positions = sample, bytearray(), array("I")


class RouteDumpParser:
    """Takes the messages of a dump in their order: routes of one FIB key follow one another."""

    def __init__(self) -> None:
        self._groups: dict[bytes, _Group | None] = {}
        self._singles: list[tuple[int, bytes]] = []
        self._count = 0
        self._last: bytes = b""
        self._last_group: _Group | None = None

    def append(self, message: bytes) -> None:
        """Take one message."""
        group = self._group_of(message)
        if self._last and _have_one_key(message, self._last):
            self._single_out_last()
            group = None
        if group is None:
            self._singles.append((self._count, message))
        else:
            prefix = message[PREFIX_OFFSET : PREFIX_OFFSET + ADDRESS_BYTES[message[0]]]
            group.prefixes += message[DST_LEN_OFFSET : DST_LEN_OFFSET + 1] + prefix
            group.positions.append(self._count)
        self._count += 1
        self._last, self._last_group = message, group

    def _single_out_last(self) -> None:
        group = self._last_group
        if group is not None:
            del group.prefixes[-1 - ADDRESS_BYTES[self._last[0]] :]
            self._singles.append((group.positions.pop(), self._last))

    def _group_of(self, message: bytes) -> _Group | None:
        groups, end = self._groups, PREFIX_OFFSET + ADDRESS_BYTES[message[0]]
        key = message[2:PREFIX_OFFSET] + message[end:]
        if key not in groups:
            groups[key] = _Group(message) if _fits_a_block(message) else None
        return groups[key]

    def feed(self, chunk: bytes, header_size: int) -> int:
        """Take the messages that a chunk begins with, as long as their headers are equal.

        Return the offset of the first one that was not taken. It does what `append` does, for many
        at a time: this is the hot loop of a large dump, and written as one.
        """
        size, first_header = nlattr.u32(chunk), chunk[:header_size]
        layout = _layout(chunk[header_size], size, header_size)
        if layout is None:
            return 0
        groups, at, last, group = self._groups, 0, b"", self._last_group
        whole = memoryview(chunk)[: len(chunk) // size * size]
        for header_, length, common, network, rest in layout.iter_unpack(whole):
            if header_ != first_header:
                break
            known = groups.get(common + rest)
            if known is None or network == last or not at:
                if at:
                    self._last, self._last_group = chunk[at - size + header_size : at], group
                self.append(chunk[at + header_size : at + size])
                group = self._last_group
            else:
                known.prefixes += length + network
                known.positions.append(self._count)
                self._count += 1
                group = known
            last = network
            at += size
        if at:
            self._last, self._last_group = chunk[at - size + header_size : at], group
        return at

    def result(self) -> RouteSet:
        """Return all that was taken, without names."""
        singles, blocks = self._singles, []
        smallest = MIN_BLOCK if self._count < LARGE_DUMP else 2
        for group in filter(None, self._groups.values()):
            block = RouteBlock(group.sample, bytes(group.prefixes))
            if len(block) < smallest:
                singles += zip(group.positions, block.messages(), strict=True)
            else:
                blocks.append(block)
        return RouteSet((), tuple(message for _, message in sorted(singles)), tuple(blocks))


@cache
def _layout(family: int, size: int, header_size: int) -> struct.Struct | None:
    """Return a message's parts: header, prefix length, what is between, network, what follows."""
    rest = size - header_size - PREFIX_OFFSET - ADDRESS_BYTES.get(family, 0)
    if family not in ADDRESS_BYTES or rest < 0 or size % 4:
        return None
    return struct.Struct(f"{header_size}sxc{PREFIX_OFFSET - 2}s{ADDRESS_BYTES[family]}s{rest}s")


def _have_one_key(one: bytes, other: bytes) -> bool:
    return _place_of(one) == _place_of(other) and fib_key(one) == fib_key(other)


def _place_of(message: bytes) -> bytes:
    return (
        message[DST_LEN_OFFSET : DST_LEN_OFFSET + 1]
        + message[TABLE_OFFSET : PREFIX_OFFSET + ADDRESS_BYTES[message[0]]]
    )


def _fits_a_block(message: bytes) -> bool:
    """Return whether it is an added unicast route with nothing that has to be looked at singly.

    An IPv6 multipath route has: its nexthops may differ in metrics.
    """
    top, found = header(message), attributes(message)
    usual = message[TABLE_OFFSET:DST_OFFSET] == nlattr.pack_u32(
        RTA_TABLE, table_of(message)
    ) and begins_with_prefix(message)
    added = top.protocol != RTPROT_KERNEL and table_of(message) != RT_TABLE_LOCAL
    odd = RTA_NH_ID in found or top.src_len or expires(message)
    multipath = message[0] == IPV6 and RTA_MULTIPATH in found
    return usual and added and top.type == RTN_UNICAST and not odd and not multipath
