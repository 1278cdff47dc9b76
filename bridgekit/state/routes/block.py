"""Routes by the thousand that differ only in their prefixes, kept as one sample and a list.

The kernel's messages begin in one way: `struct rtmsg` (12 bytes), the table (8), the destination
(8, or 20 for IPv6), and then what the routes have in common. So 5 bytes tell an IPv4 route from the
others, 17 an IPv6 route.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6
from bridgekit.uapi.rtnetlink import RTA_DST

TABLE_OFFSET, DST_LEN_OFFSET, DST_OFFSET = 12, 1, 20
"""Where a message has the head of its table, its prefix length, and its destination's head."""
PREFIX_OFFSET = DST_OFFSET + nlattr.NLATTR.size
ADDRESS_BYTES = {IPV4: 4, IPV6: 16}


def begins_with_prefix(message: bytes) -> bool:
    """Return whether RTA_DST is in this message, and in the usual place."""
    size = ADDRESS_BYTES[message[0]]
    return message[DST_OFFSET:PREFIX_OFFSET] == nlattr.NLATTR.pack(
        nlattr.NLATTR.size + size, RTA_DST
    )


class RouteBlock(Struct, frozen=True):
    """Routes with one message but for their prefixes; each is the only one of its FIB key.

    `sample` is the message of one of them; `prefixes` has for each its length, in one byte, and its
    network, of as many bytes as the family's addresses.
    """

    sample: bytes
    prefixes: bytes

    def __len__(self) -> int:
        return len(self.prefixes) // self._width

    @property
    def _width(self) -> int:
        return 1 + ADDRESS_BYTES[self.sample[0]]

    def is_well_formed(self) -> bool:
        """Return whether the kernel could have sent this: what a file holds may be anything."""
        bits, width = 8 * ADDRESS_BYTES[self.sample[0]], self._width
        even = not (len(self.sample) % 4 or len(self.prefixes) % width)
        return (
            begins_with_prefix(self.sample)
            and even
            and max(self.prefixes[::width], default=0) <= bits
        )

    def iter_prefixes(self) -> Iterator[bytes]:
        """Yield the prefix of each route."""
        width = self._width
        for at in range(0, len(self.prefixes), width):
            yield self.prefixes[at : at + width]

    def messages(self) -> Iterator[bytes]:
        """Yield the message of each route."""
        sample, end = self.sample, PREFIX_OFFSET + self._width - 1
        before, between, after = sample[:DST_LEN_OFFSET], sample[2:PREFIX_OFFSET], sample[end:]
        for prefix in self.iter_prefixes():
            yield before + prefix[:1] + between + prefix[1:] + after

    def intersection(self, prefixes: bytes) -> Iterator[bytes]:
        """Yield each of these prefixes, which are of the same family."""
        return replace(self, prefixes=prefixes).iter_prefixes()

    def subset(self, prefixes: frozenset[bytes]) -> "RouteBlock":
        """Return the routes with these prefixes, in their order."""
        return replace(
            self, prefixes=b"".join(one for one in self.iter_prefixes() if one in prefixes)
        )

    def split(self, count: int) -> Iterator["RouteBlock"]:
        """Yield the same routes, at most so many at a time."""
        step = count * self._width
        for at in range(0, len(self.prefixes), step):
            yield replace(self, prefixes=self.prefixes[at : at + step])

    def pack_messages(self, head: bytes) -> bytearray:
        """Return all messages, one after the other, each behind this header.

        Column by column: so it costs next to nothing for each route.
        """
        width, step = self._width, len(head) + len(self.sample)
        data = bytearray((head + self.sample) * len(self))
        data[len(head) + DST_LEN_OFFSET :: step] = self.prefixes[::width]
        for column in range(1, width):
            at = len(head) + PREFIX_OFFSET + column - 1
            data[at::step] = self.prefixes[column::width]
        return data
