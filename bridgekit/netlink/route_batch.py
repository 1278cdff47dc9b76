"""The requests that make, replace and delete routes: the kernel's own messages, sent again."""

import errno
from collections.abc import Iterator, Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.netlink.address_neighbour import to_request
from bridgekit.netlink.socket import Request
from bridgekit.state.address import IPV6
from bridgekit.state.routes.block import RouteBlock, has_destination
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

ALREADY_THERE, GONE = frozenset({errno.EEXIST}), frozenset({errno.ESRCH})
CANNOT = frozenset({errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH})
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

    here: Mapping[str, int]
    undoing: bool

    def added(self, routes: RouteSet, quiet: frozenset[int]) -> Iterator[Request]:
        """Put each behind those that have the same key."""
        for message in self._today(routes).each_message():
            yield self._request(RTM_NEWROUTE, message, NLM_F_CREATE | NLM_F_APPEND, quiet)

    def removed(self, routes: RouteSet, quiet: frozenset[int]) -> Iterator[Request]:
        """Delete exactly these."""
        for message in self._today(routes).each_message():
            yield self._request(RTM_DELROUTE, message, 0, quiet)

    def replaced(self, before: RouteSet, after: RouteSet, now: RouteSet) -> Iterator[BatchStep]:
        """Put each route of `after` in the place of its twin in `before`.

        The kernel replaces the first of a key, whoever's it is. So where the twin is not the first
        now, a change fails; an undo puts the one before the others, and deletes the twin. Routes
        through a router come last: the way to it must be there.
        """
        old, new = self._told_apart(before, after, now)
        now = replace(now, messages=(*now.messages, *_of_the_kinds_of(old, new, now)))
        requests = list(self._replaced(old, new, now))
        groups = self._today(new).blocks
        alike = [replace(one, sample=to_request(one.sample)) for one in groups if len(one)]
        for through_router in (False, True):
            yield BatchStep(
                [request for request, router in requests if router == through_router],
                [one for one in alike if has_gateway(one.sample) == through_router],
            )

    def _told_apart(
        self, before: RouteSet, after: RouteSet, now: RouteSet
    ) -> tuple[RouteSet, RouteSet]:
        """Of those alike keep so what can be replaced at once: each still stands alone there."""
        there = now.kinds()
        old, new, kept = [*before.messages], [*after.messages], []
        for one, other in zip(before.blocks, after.blocks, strict=True):
            if there.get(before.kind(one.sample)) == one.prefixes:
                kept.append(other)
                continue
            alone = frozenset(one.intersection(there.get(before.kind(one.sample), b"")))
            kept.append(other.subset(alone))
            done = frozenset(one.intersection(there.get(after.kind(other.sample), b"")))
            rest = frozenset(one.each()) - alone - (done if self.undoing else frozenset())
            old += one.subset(rest).messages()
            new += other.subset(rest).messages()
        return RouteSet(before.names, tuple(old)), RouteSet(after.names, tuple(new), tuple(kept))

    def _replaced(
        self, before: RouteSet, after: RouteSet, now: RouteSet
    ) -> Iterator[tuple[Request, bool]]:
        """With each request: does its route go through a router?"""
        standing = _standing(now, frozenset(map(replace_key, after.messages)))
        names = zip(before.identities(), after.identities(), strict=True)
        for (old, new), message in zip(names, after.messages, strict=True):
            one, twin = (RouteSet(routes.names, (message,)) for routes in (after, before))
            here = RouteSet(now.names, standing.get(replace_key(message), ()))
            present = list(here.identities())
            if self.undoing and is_ipv6_multipath(message):
                requests = self._legs_again(one, twin, here) if new not in present else ()
            elif present[:1] == [old] and new not in present:
                requests = self._in_place(one, dead_oifs(here.messages[0]))
            elif self.undoing:
                requests = self._beside(one, twin, old in present, new in present)
            else:
                raise BridgekitError(f"something else changed the route {self.words(message)}")
            yield from ((request, has_gateway(message)) for request in requests)

    def _in_place(self, one: RouteSet, dead: frozenset[int]) -> Iterator[Request]:
        """Of its legs the kernel makes none that is dead: an undo leaves them out."""
        for message in self._today(one).messages:
            made = without_dead_nexthops(message, dead) if self.undoing else message
            yield self._request(RTM_NEWROUTE, made, NLM_F_CREATE | NLM_F_REPLACE)

    def _beside(
        self, one: RouteSet, twin: RouteSet, old_there: bool, new_there: bool
    ) -> Iterator[Request]:
        """Put it before those that have the same key. IPv6 knows no such request."""
        for message in self._today(one).messages if not new_there else ():
            flags = NLM_F_CREATE | (NLM_F_APPEND if message[0] == IPV6 else 0)
            yield self._request(RTM_NEWROUTE, message, flags, ALREADY_THERE)
        if old_there:
            yield from self.removed(twin, GONE)

    def _legs_again(self, one: RouteSet, twin: RouteSet, here: RouteSet) -> Iterator[Request]:
        """Put an IPv6 route of several legs in the place of what stands there of it.

        Where others' legs stand as well, or dead ones, only the legs that moved change.
        """
        new, old, stands = (_apart(routes) for routes in (one, twin, here))
        dead = any(dead_oifs(message) for message in here.messages)
        if stands.keys() <= new.keys() | old.keys() and not dead:
            for message in self._today(one).messages:
                yield self._request(RTM_NEWROUTE, message, NLM_F_CREATE | NLM_F_REPLACE, CANNOT)
        moved, left = new.keys() - old.keys(), old.keys() - new.keys()
        yield from self.added(
            RouteSet(one.names, tuple(new[k] for k in sorted(moved))), ALREADY_THERE
        )
        yield from self.removed(RouteSet(twin.names, tuple(old[k] for k in sorted(left))), GONE)

    def words(self, message: bytes) -> str:
        """Return what a message with today's numbers is about."""
        names = {index: name for name, index in self.here.items()}
        return f"route {format_route(message, lambda index: names.get(index, f'if{index}'))}"

    def _request(
        self, kind: int, message: bytes, flags: int, quiet: frozenset[int] = frozenset()
    ) -> Request:
        return Request(kind, to_request(message), flags, quiet, partial(self.words, message))

    def _today(self, routes: RouteSet) -> RouteSet:
        """With today's interface numbers."""
        missing = [name for _, name in routes.used_names() if name not in self.here]
        if missing and not self.undoing:
            raise BridgekitError(f"there is no interface {', '.join(missing)} any more")
        if missing:
            routes = routes.where(lambda one: set(missing).isdisjoint(routes.links(one)))
        return routes.resolved(self.here)


def _standing(now: RouteSet, keys: frozenset[object]) -> dict[object, tuple[bytes, ...]]:
    """The routes with these keys, in their order."""
    found: dict[object, tuple[bytes, ...]] = {}
    for message in now.messages:
        name = replace_key(message)
        if name in keys:
            found[name] = (*found.get(name, ()), message)
    return found


def _apart(routes: RouteSet) -> dict[Identity, bytes]:
    """The legs of these routes, each as a route of its own."""
    parts = routes.with_nexthops_split()
    return dict(zip(parts.identities(), parts.messages, strict=True))


def _of_the_kinds_of(old: RouteSet, new: RouteSet, now: RouteSet) -> Iterator[bytes]:
    """Routes that are alike now, one by one, if some of their kind are dealt with one by one."""
    kinds = {routes.kind(m) for routes in (old, new) for m in routes.messages if has_destination(m)}
    for group in now.blocks if kinds else ():
        if now.kind(group.sample) in kinds:
            yield from group.messages()
