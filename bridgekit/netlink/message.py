"""Netlink messages in what a socket receives, and what takes those of a dump. See netlink(7)."""

import struct
from collections.abc import Iterator
from typing import Protocol, TypeVar

NLMSGHDR = struct.Struct("=IHHII")
"""`struct nlmsghdr`: length, type, flags, sequence number, port."""


def messages(chunk: bytes, at: int = 0) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (type, flags, sequence, start of body, end of body) for each message from `at` on."""
    while at + NLMSGHDR.size <= len(chunk):
        length, kind, flags, sequence, _ = NLMSGHDR.unpack_from(chunk, at)
        if length < NLMSGHDR.size:
            return
        yield kind, flags, sequence, at + NLMSGHDR.size, at + length
        at += (length + 3) & ~3


class DumpConsumer(Protocol):
    """What takes the bodies of a dump, in their order."""

    def append(self, body: bytes, /) -> None:
        """Take one body."""

    def feed(self, chunk: bytes, header_size: int) -> int:
        """Take the messages that a chunk begins with, if it can; return where the rest begins.

        `header_size` is that of a message's header; the first message's is of the dump.
        """


class Payloads(list[bytes]):
    """The bodies of a dump, one by one."""

    def feed(self, chunk: bytes, header_size: int) -> int:
        """Leave all messages to `append`."""
        return 0


DumpConsumerT = TypeVar("DumpConsumerT", bound=DumpConsumer)
