"""All routes of a host, or some of them, with the names that the numbers in them mean."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.state import nlattr
from bridgekit.state.routes.block import DST_LEN_OFFSET, DST_OFFSET, PREFIX_OFFSET, RouteBlock
from bridgekit.state.routes.message import (
    is_ipv6_multipath,
    nexthops,
    oif_offsets,
    split_nexthops,
    without_state,
)
from bridgekit.uapi.rtnetlink import RTA_GATEWAY, RTA_VIA, RTNH_F_ONLINK

Identity = tuple[bytes, tuple[str, ...]]
"""What makes a route equal to another: its settings, and its links by name."""


class RouteSet(Struct, frozen=True, rename={"blocks": "alike"}):
    """Route messages, and the names that the ifindexes in them mean.

    `messages` are kept one by one, in the kernel's order. In `blocks` each route is the only one of
    its FIB key: their order means nothing.
    """

    names: tuple[tuple[int, str], ...] = ()
    messages: tuple[bytes, ...] = ()
    blocks: tuple[RouteBlock, ...] = ()

    def __len__(self) -> int:
        return len(self.messages) + sum(map(len, self.blocks))

    def name(self, index: int) -> str:
        """Return the name of the link of this index."""
        return dict(self.names).get(index, f"if{index}")

    def links(self, message: bytes) -> tuple[str, ...]:
        """Return the names of the interfaces of this message, one for each nexthop."""
        return tuple(self.name(nlattr.u32(message, slot)) for slot in oif_offsets(message))

    def representatives(self) -> tuple[bytes, ...]:
        """Return the messages, and of each block a sample."""
        return (*self.messages, *(group.sample for group in self.blocks))

    def all_messages(self) -> Iterator[bytes]:
        """Yield the message of every route."""
        yield from self.messages
        for group in self.blocks:
            yield from group.messages()

    def where(self, holds: Callable[[bytes], bool]) -> "RouteSet":
        """Return those routes for which the predicate holds.

        Of a block it is asked for the sample: it must not depend on the prefix.
        """
        blocks = tuple(group for group in self.blocks if holds(group.sample))
        return RouteSet(self.names, tuple(filter(holds, self.messages)), blocks)

    def gateways(self, message: bytes, link: str) -> Iterator[tuple[bytes, bool]]:
        """Yield each router's packed address that this route uses over this link.

        With it: whether it is onlink.
        """
        for flags, index, found in nexthops(message):
            if self.name(index) == link:
                packed = found.get(RTA_GATEWAY) or found.get(RTA_VIA, b"")[2:]
                if packed:
                    yield packed, bool(flags & RTNH_F_ONLINK)

    def on_link(self, link: str) -> "RouteSet":
        """Return the routes that use this link, alone or with others."""
        return self.where(lambda message: link in self.links(message))

    def renamed(self, old: str, new: str) -> "RouteSet":
        """Return the same routes with one link read as another: costs nothing per route."""
        names = tuple((index, new if name == old else name) for index, name in self.names)
        return replace(self, names=names)

    def reindexed(self, old: int, new: int) -> "RouteSet":
        """Return the routes with one interface number in place of another."""
        return self._with_indices({old: new})

    def resolved(self, indices: Mapping[str, int]) -> "RouteSet":
        """Return the routes with the current ifindexes, as far as the links exist."""
        numbers = {index: indices[name] for index, name in self.used_names() if name in indices}
        same = all(old == new for old, new in numbers.items())
        return self if same else self._with_indices(numbers)

    def used_names(self) -> tuple[tuple[int, str], ...]:
        """Return the part of `names` that the messages use."""
        used = {nlattr.u32(m, slot) for m in self.representatives() for slot in oif_offsets(m)}
        return tuple((index, name) for index, name in self.names if index in used)

    def _with_indices(self, numbers: Mapping[int, int]) -> "RouteSet":
        return RouteSet(
            tuple((numbers.get(index, index), name) for index, name in self.names),
            tuple(_reindexed_message(message, numbers) for message in self.messages),
            tuple(
                replace(group, sample=_reindexed_message(group.sample, numbers))
                for group in self.blocks
            ),
        )

    def identity(self, message: bytes) -> Identity:
        """Return what makes this route equal to another."""
        bare = without_state(message)
        for slot in oif_offsets(bare):
            bare = nlattr.patch_u32(bare, slot, 0)
        return bare, self.links(message)

    def identities(self) -> Iterator[Identity]:
        """Yield what makes each of the messages equal to another."""
        return map(self.identity, self.messages)

    def with_nexthops_split(self) -> "RouteSet":
        """Return these routes with each nexthop of an IPv6 route as a route of its own."""
        split = ((m,) if not is_ipv6_multipath(m) else split_nexthops(m) for m in self.messages)
        return replace(self, messages=tuple(part for parts in split for part in parts))

    def block_key(self, message: bytes) -> Identity:
        """Return what is the same for all routes of a block."""
        bare, links = self.identity(message)
        end = PREFIX_OFFSET + nlattr.U16.unpack_from(bare, DST_OFFSET)[0] - nlattr.NLATTR.size
        return bare[:DST_LEN_OFFSET] + bare[2:PREFIX_OFFSET] + bare[end:], links

    def prefixes_by_key(self) -> dict[Identity, bytes]:
        """Return the prefixes of the blocks by their key."""
        found: dict[Identity, bytes] = {}
        for group in self.blocks:
            key = self.block_key(group.sample)
            found[key] = found.get(key, b"") + group.prefixes
        return found

    def difference(self, other: "RouteSet") -> "RouteSet":
        """Return these without the routes of blocks that the other has in blocks, one by one."""
        others, more = other.prefixes_by_key(), list[bytes]()
        for group in self.blocks:
            prefixes = others.get(self.block_key(group.sample), b"")
            if prefixes != group.prefixes:
                rest = frozenset(group.iter_prefixes()) - frozenset(group.intersection(prefixes))
                more += group.subset(rest).messages()
        return RouteSet(self.names, (*self.messages, *more))


def _reindexed_message(message: bytes, numbers: Mapping[int, int]) -> bytes:
    for slot in oif_offsets(message):
        index = nlattr.u32(message, slot)
        message = nlattr.patch_u32(message, slot, numbers.get(index, index))
    return message


def nexthops_over(message: bytes, routes: RouteSet, link: str) -> Iterator[bytes]:
    """Yield a route of its own for each nexthop that an IPv6 multipath route has on this link."""
    parts = split_nexthops(message) if is_ipv6_multipath(message) else ()
    return (part for part in parts if routes.links(part) == (link,))
