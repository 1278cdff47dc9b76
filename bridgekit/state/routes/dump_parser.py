"""Sort the messages of a dump of one family's routes into those alike and the others."""

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
"""As many must be alike to be kept so: an ordinary host's routes are told one by one."""
LARGE_DUMP = 1000
"""Of as many routes any two alike are kept so: one by one each takes half a millisecond."""


class _Group:
    """Routes alike, as they come."""

    __slots__ = ("positions", "prefixes", "sample")

    def __init__(self, sample: bytes) -> None:
        self.sample, self.prefixes, self.positions = sample, bytearray(), array("I")


class RouteDumpParser:
    """Takes the messages of a dump in their order: routes of one place come one after the other."""

    def __init__(self) -> None:
        self._groups: dict[bytes, _Group | None] = {}
        self._singles: list[tuple[int, bytes]] = []
        self._count = 0
        self._last: bytes = b""
        self._last_group: _Group | None = None

    def append(self, message: bytes) -> None:
        """Take one message."""
        kind = self._group_of(message)
        if self._last and _one_place(message, self._last):
            self._single_out_last()
            kind = None
        if kind is None:
            self._singles.append((self._count, message))
        else:
            end = PREFIX_OFFSET + ADDRESS_BYTES[message[0]]
            kind.prefixes += (
                message[DST_LEN_OFFSET : DST_LEN_OFFSET + 1] + message[PREFIX_OFFSET:end]
            )
            kind.positions.append(self._count)
        self._count += 1
        self._last, self._last_group = message, kind

    def _single_out_last(self) -> None:
        kind = self._last_group
        if kind is not None:
            del kind.prefixes[-1 - ADDRESS_BYTES[self._last[0]] :]
            self._singles.append((kind.positions.pop(), self._last))

    def _group_of(self, message: bytes) -> _Group | None:
        kinds, end = self._groups, PREFIX_OFFSET + ADDRESS_BYTES[message[0]]
        name = message[2:PREFIX_OFFSET] + message[end:]
        if name not in kinds:
            kinds[name] = _Group(message) if _can_be_alike(message) else None
        return kinds[name]

    def feed(self, chunk: bytes, heads: int) -> int:
        """Take the messages that a chunk begins with, as long as their heads are the same.

        `heads` is the size of a head. Return where the first one is that was not taken. It does
        what `append` does, for many at a time.
        """
        size, usual = nlattr.u32(chunk), chunk[:heads]
        family = chunk[heads]
        layout = _layout(family, size, heads)
        if layout is None:
            return 0
        kinds, at, last, kind = self._groups, 0, b"", self._last_group
        whole = memoryview(chunk)[: len(chunk) // size * size]
        for found, length, common, network, rest in layout.iter_unpack(whole):
            if found != usual:
                break
            now = kinds.get(common + rest)
            if now is None or network == last or not at:
                if at:
                    self._last, self._last_group = chunk[at - size + heads : at], kind
                self.append(chunk[at + heads : at + size])
                kind = self._last_group
            else:
                now.prefixes += length + network
                now.positions.append(self._count)
                self._count += 1
                kind = now
            last = network
            at += size
        if at:
            self._last, self._last_group = chunk[at - size + heads : at], kind
        return at

    def result(self) -> RouteSet:
        """Return all that was taken, without names."""
        few, alike = self._singles, []
        for kind in filter(None, self._groups.values()):
            group = RouteBlock(kind.sample, bytes(kind.prefixes))
            if len(group) < (MIN_BLOCK if self._count < LARGE_DUMP else 2):
                few += zip(kind.positions, group.messages(), strict=True)
            else:
                alike.append(group)
        return RouteSet((), tuple(message for _, message in sorted(few)), tuple(alike))


@cache
def _layout(family: int, size: int, heads: int) -> struct.Struct | None:
    """Head, prefix length, what is between it and the network, the network, and what follows."""
    rest = size - heads - PREFIX_OFFSET - ADDRESS_BYTES.get(family, 0)
    if family not in ADDRESS_BYTES or rest < 0 or size % 4:
        return None
    return struct.Struct(f"{heads}sxc{PREFIX_OFFSET - 2}s{ADDRESS_BYTES[family]}s{rest}s")


def _one_place(one: bytes, other: bytes) -> bool:
    return _where(one) == _where(other) and fib_key(one) == fib_key(other)


def _where(message: bytes) -> bytes:
    return (
        message[DST_LEN_OFFSET : DST_LEN_OFFSET + 1]
        + message[TABLE_OFFSET : PREFIX_OFFSET + ADDRESS_BYTES[message[0]]]
    )


def _can_be_alike(message: bytes) -> bool:
    """Is it of the many that someone or something added, with nothing about it to be looked at?

    An IPv6 route with several legs is: they may differ (uneven legs).
    """
    top, found = header(message), attributes(message)
    usual = message[TABLE_OFFSET:DST_OFFSET] == nlattr.pack_u32(
        RTA_TABLE, table_of(message)
    ) and begins_with_prefix(message)
    added = top.protocol != RTPROT_KERNEL and table_of(message) != RT_TABLE_LOCAL
    odd = RTA_NH_ID in found or top.src_len or expires(message)
    uneven = message[0] == IPV6 and RTA_MULTIPATH in found
    return usual and added and top.type == RTN_UNICAST and not odd and not uneven
