"""The requests that make, replace and delete routes: the kernel's own messages, sent again."""

import errno
from collections.abc import Iterator, Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.netlink.address_neighbour import request_message
from bridgekit.netlink.socket import Request
from bridgekit.state.address import IPV6
from bridgekit.state.routes.block import RouteBlock, begins_with_prefix
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.message import (
    dead_oifs,
    has_gateway,
    is_ipv6_multipath,
    replace_key,
    without_dead_nexthops,
)
from bridgekit.state.routes.route_set import Identity, RouteSet
from bridgekit.uapi.netlink import NLM_F_APPEND, NLM_F_CREATE, NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import RTM_DELROUTE, RTM_NEWROUTE

EXISTS, MISSING = frozenset({errno.EEXIST}), frozenset({errno.ESRCH})
LINK_DOWN = frozenset({errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH})
"""What the kernel answers if a leg's link is down."""


class BatchStep(Struct, frozen=True):
    """Requests to be sent, and then, with CREATE and REPLACE, routes alike."""

    requests: list[Request]
    blocks: list[RouteBlock]


class RouteBatch(Struct, frozen=True):
    """Makes requests for the links that are `here`, by name their numbers.

    While undoing, what names a link that is gone is left out: with the link its routes went too.
    `quiet` are the errnos that mean that the work is done already.
    """

    indices: Mapping[str, int]
    rolling_back: bool

    def add(self, routes: RouteSet, quiet: frozenset[int]) -> Iterator[Request]:
        """Put each behind those that have the same key."""
        for message in self._with_current_indices(routes).all_messages():
            yield self._request(RTM_NEWROUTE, message, NLM_F_CREATE | NLM_F_APPEND, quiet)

    def delete(self, routes: RouteSet, quiet: frozenset[int]) -> Iterator[Request]:
        """Delete exactly these."""
        for message in self._with_current_indices(routes).all_messages():
            yield self._request(RTM_DELROUTE, message, 0, quiet)

    def replace_steps(
        self, before: RouteSet, after: RouteSet, now: RouteSet
    ) -> Iterator[BatchStep]:
        """Put each route of `after` in the place of its twin in `before`.

        The kernel replaces the first of a key, whoever's it is. So where the twin is not the first
        now, a change fails; an undo puts the one before the others, and deletes the twin. Routes
        through a router come last: the way to it must be there.
        """
        old, new = self._split_blocks(before, after, now)
        now = replace(now, messages=(*now.messages, *_expand_blocks_like(old, new, now)))
        requests = list(self._replace_singly(old, new, now))
        groups = self._with_current_indices(new).blocks
        alike = [replace(one, sample=request_message(one.sample)) for one in groups if len(one)]
        for through_router in (False, True):
            yield BatchStep(
                [request for request, router in requests if router == through_router],
                [one for one in alike if has_gateway(one.sample) == through_router],
            )

    def _split_blocks(
        self, before: RouteSet, after: RouteSet, now: RouteSet
    ) -> tuple[RouteSet, RouteSet]:
        """Of those alike keep so what can be replaced at once: each still stands alone there."""
        there = now.prefixes_by_key()
        old, new, kept = [*before.messages], [*after.messages], []
        for one, other in zip(before.blocks, after.blocks, strict=True):
            if there.get(before.block_key(one.sample)) == one.prefixes:
                kept.append(other)
                continue
            alone = frozenset(one.intersection(there.get(before.block_key(one.sample), b"")))
            kept.append(other.subset(alone))
            done = frozenset(one.intersection(there.get(after.block_key(other.sample), b"")))
            rest = (
                frozenset(one.iter_prefixes())
                - alone
                - (done if self.rolling_back else frozenset())
            )
            old += one.subset(rest).messages()
            new += other.subset(rest).messages()
        return RouteSet(before.names, tuple(old)), RouteSet(after.names, tuple(new), tuple(kept))

    def _replace_singly(
        self, before: RouteSet, after: RouteSet, now: RouteSet
    ) -> Iterator[tuple[Request, bool]]:
        """With each request: does its route go through a router?"""
        standing = _by_replace_key(now, frozenset(map(replace_key, after.messages)))
        names = zip(before.identities(), after.identities(), strict=True)
        for (old, new), message in zip(names, after.messages, strict=True):
            one, twin = (RouteSet(routes.names, (message,)) for routes in (after, before))
            here = RouteSet(now.names, standing.get(replace_key(message), ()))
            present = list(here.identities())
            if self.rolling_back and is_ipv6_multipath(message):
                requests = self._restore_multipath(one, twin, here) if new not in present else ()
            elif present[:1] == [old] and new not in present:
                requests = self._replace_first(one, dead_oifs(here.messages[0]))
            elif self.rolling_back:
                requests = self._insert_before(one, twin, old in present, new in present)
            else:
                raise BridgekitError(
                    f"something else changed the route {self.description(message)}"
                )
            yield from ((request, has_gateway(message)) for request in requests)

    def _replace_first(self, one: RouteSet, dead: frozenset[int]) -> Iterator[Request]:
        """Of its legs the kernel makes none that is dead: an undo leaves them out."""
        for message in self._with_current_indices(one).messages:
            made = without_dead_nexthops(message, dead) if self.rolling_back else message
            yield self._request(RTM_NEWROUTE, made, NLM_F_CREATE | NLM_F_REPLACE)

    def _insert_before(
        self, one: RouteSet, twin: RouteSet, old_there: bool, new_there: bool
    ) -> Iterator[Request]:
        """Put it before those that have the same key. IPv6 knows no such request."""
        for message in self._with_current_indices(one).messages if not new_there else ():
            flags = NLM_F_CREATE | (NLM_F_APPEND if message[0] == IPV6 else 0)
            yield self._request(RTM_NEWROUTE, message, flags, EXISTS)
        if old_there:
            yield from self.delete(twin, MISSING)

    def _restore_multipath(
        self, one: RouteSet, twin: RouteSet, here: RouteSet
    ) -> Iterator[Request]:
        """Put an IPv6 route of several legs in the place of what stands there of it.

        Where others' legs stand as well, or dead ones, only the legs that moved change.
        """
        new, old, stands = (_nexthop_routes(routes) for routes in (one, twin, here))
        dead = any(dead_oifs(message) for message in here.messages)
        if stands.keys() <= new.keys() | old.keys() and not dead:
            for message in self._with_current_indices(one).messages:
                yield self._request(RTM_NEWROUTE, message, NLM_F_CREATE | NLM_F_REPLACE, LINK_DOWN)
        moved, left = new.keys() - old.keys(), old.keys() - new.keys()
        yield from self.add(RouteSet(one.names, tuple(new[k] for k in sorted(moved))), EXISTS)
        yield from self.delete(RouteSet(twin.names, tuple(old[k] for k in sorted(left))), MISSING)

    def description(self, message: bytes) -> str:
        """Return what a message with today's numbers is about."""
        names = {index: name for name, index in self.indices.items()}
        return f"route {format_route(message, lambda index: names.get(index, f'if{index}'))}"

    def _request(
        self, kind: int, message: bytes, flags: int, quiet: frozenset[int] = frozenset()
    ) -> Request:
        return Request(
            kind, request_message(message), flags, quiet, partial(self.description, message)
        )

    def _with_current_indices(self, routes: RouteSet) -> RouteSet:
        """With today's interface numbers."""
        missing = [name for _, name in routes.used_names() if name not in self.indices]
        if missing and not self.rolling_back:
            raise BridgekitError(f"there is no interface {', '.join(missing)} any more")
        if missing:
            routes = routes.where(lambda one: set(missing).isdisjoint(routes.links(one)))
        return routes.resolved(self.indices)


def _by_replace_key(now: RouteSet, keys: frozenset[object]) -> dict[object, tuple[bytes, ...]]:
    """The routes with these keys, in their order."""
    found: dict[object, tuple[bytes, ...]] = {}
    for message in now.messages:
        name = replace_key(message)
        if name in keys:
            found[name] = (*found.get(name, ()), message)
    return found


def _nexthop_routes(routes: RouteSet) -> dict[Identity, bytes]:
    """The legs of these routes, each as a route of its own."""
    parts = routes.with_nexthops_split()
    return dict(zip(parts.identities(), parts.messages, strict=True))


def _expand_blocks_like(old: RouteSet, new: RouteSet, now: RouteSet) -> Iterator[bytes]:
    """Routes that are alike now, one by one, if some of their kind are dealt with one by one."""
    kinds = {
        routes.block_key(m)
        for routes in (old, new)
        for m in routes.messages
        if begins_with_prefix(m)
    }
    for group in now.blocks if kinds else ():
        if now.block_key(group.sample) in kinds:
            yield from group.messages()
