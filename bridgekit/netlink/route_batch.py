"""The requests that add, replace and delete routes: the kernel's own messages, sent again."""

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
"""What the kernel answers if a nexthop's link is down."""


class BatchStep(Struct, frozen=True):
    """Requests to send, and then, with NLM_F_CREATE and NLM_F_REPLACE, blocks of routes."""

    requests: list[Request]
    blocks: list[RouteBlock]


class RouteBatch(Struct, frozen=True):
    """Makes requests for the links that there are: `indices` by name.

    While rolling back, what names a link that is gone is left out: with the link its routes went
    too.
    """

    indices: Mapping[str, int]
    rolling_back: bool

    def add(self, routes: RouteSet, ignore_errnos: frozenset[int]) -> Iterator[Request]:
        """Yield requests that put each route behind those with the same key."""
        for message in self._with_current_indices(routes).all_messages():
            yield self._request(RTM_NEWROUTE, message, NLM_F_CREATE | NLM_F_APPEND, ignore_errnos)

    def prepend(self, routes: RouteSet, ignore_errnos: frozenset[int]) -> Iterator[Request]:
        """Yield requests that put each route before those with the same key.

        IPv6 knows no such request.
        """
        for message in self._with_current_indices(routes).all_messages():
            flags = NLM_F_CREATE | (NLM_F_APPEND if message[0] == IPV6 else 0)
            yield self._request(RTM_NEWROUTE, message, flags, ignore_errnos)

    def delete(self, routes: RouteSet, ignore_errnos: frozenset[int]) -> Iterator[Request]:
        """Yield requests that delete exactly these routes."""
        for message in self._with_current_indices(routes).all_messages():
            yield self._request(RTM_DELROUTE, message, 0, ignore_errnos)

    def replace_steps(
        self, before: RouteSet, after: RouteSet, current: RouteSet
    ) -> Iterator[BatchStep]:
        """Yield the steps that put each route of `after` in the place of its pair in `before`.

        The kernel replaces the first route of a key, whoever's it is. So where the old route is not
        the first now, a change fails; a rollback puts the new one before the others, and deletes
        the old one. Routes through a gateway come last: the route to it must be there.
        """
        old, new = self._split_blocks(before, after, current)
        singles = (*current.messages, *_expand_blocks_like(old, new, current))
        current = replace(current, messages=singles)
        requests = list(self._replace_singly(old, new, current))
        groups = self._with_current_indices(new).blocks
        blocks = [replace(one, sample=request_message(one.sample)) for one in groups if len(one)]
        for through_gateway in (False, True):
            yield BatchStep(
                [request for request, gateway in requests if gateway == through_gateway],
                [one for one in blocks if has_gateway(one.sample) == through_gateway],
            )

    def _split_blocks(
        self, before: RouteSet, after: RouteSet, current: RouteSet
    ) -> tuple[RouteSet, RouteSet]:
        """Keep of the blocks what can be replaced at once: routes still alone in their place."""
        prefixes = current.prefixes_by_key()
        old, new, kept = [*before.messages], [*after.messages], []
        for block, target in zip(before.blocks, after.blocks, strict=True):
            present = prefixes.get(before.block_key(block.sample), b"")
            if present == block.prefixes:
                kept.append(target)
                continue
            alone = frozenset(block.intersection(present))
            kept.append(target.subset(alone))
            moved = prefixes.get(after.block_key(target.sample), b"")
            done = frozenset(block.intersection(moved)) if self.rolling_back else frozenset()
            rest = frozenset(block.iter_prefixes()) - alone - done
            old += block.subset(rest).messages()
            new += target.subset(rest).messages()
        return RouteSet(before.names, tuple(old)), RouteSet(after.names, tuple(new), tuple(kept))

    def _replace_singly(
        self, before: RouteSet, after: RouteSet, current: RouteSet
    ) -> Iterator[tuple[Request, bool]]:
        """Yield each request, and whether its route goes through a gateway."""
        by_key = _by_replace_key(current, frozenset(map(replace_key, after.messages)))
        identities = zip(before.identities(), after.identities(), strict=True)
        for (old, new), message in zip(identities, after.messages, strict=True):
            new_route, old_route = (
                RouteSet(routes.names, (message,)) for routes in (after, before)
            )
            standing = RouteSet(current.names, by_key.get(replace_key(message), ()))
            present = list(standing.identities())
            if self.rolling_back and is_ipv6_multipath(message):
                restored = new in present
                requests = (
                    () if restored else self._restore_multipath(new_route, old_route, standing)
                )
            elif present[:1] == [old] and new not in present:
                requests = self._replace_first(new_route, dead_oifs(standing.messages[0]))
            elif self.rolling_back:
                requests = self._insert_before(new_route, old_route, old in present, new in present)
            else:
                text = self.description(message)
                raise BridgekitError(f"something else changed the route {text}")
            yield from ((request, has_gateway(message)) for request in requests)

    def _replace_first(self, route: RouteSet, dead: frozenset[int]) -> Iterator[Request]:
        """Replace the first route of the key; a rollback omits the nexthops that are dead."""
        for message in self._with_current_indices(route).messages:
            made = without_dead_nexthops(message, dead) if self.rolling_back else message
            yield self._request(RTM_NEWROUTE, made, NLM_F_CREATE | NLM_F_REPLACE)

    def _insert_before(
        self, new: RouteSet, old: RouteSet, old_present: bool, new_present: bool
    ) -> Iterator[Request]:
        """Put it before those that have the same key."""
        if not new_present:
            yield from self.prepend(new, EXISTS)
        if old_present:
            yield from self.delete(old, MISSING)

    def _restore_multipath(
        self, new: RouteSet, old: RouteSet, present: RouteSet
    ) -> Iterator[Request]:
        """Put an IPv6 multipath route in the place of the nexthops of it that are present.

        Where there are nexthops of others as well, or dead ones, only those that moved change.
        """
        wanted, moved, current = (_nexthop_routes(routes) for routes in (new, old, present))
        dead = any(dead_oifs(message) for message in present.messages)
        if current.keys() <= wanted.keys() | moved.keys() and not dead:
            for message in self._with_current_indices(new).messages:
                yield self._request(RTM_NEWROUTE, message, NLM_F_CREATE | NLM_F_REPLACE, LINK_DOWN)
        missing = tuple(wanted[key] for key in sorted(wanted.keys() - moved.keys()))
        surplus = tuple(moved[key] for key in sorted(moved.keys() - wanted.keys()))
        yield from self.add(RouteSet(new.names, missing), EXISTS)
        yield from self.delete(RouteSet(old.names, surplus), MISSING)

    def description(self, message: bytes) -> str:
        """Return what a message with current ifindexes is about, for a person."""
        names = {index: name for name, index in self.indices.items()}
        return f"route {format_route(message, lambda index: names.get(index, f'if{index}'))}"

    def _request(
        self, type_: int, message: bytes, flags: int, ignore_errnos: frozenset[int] = frozenset()
    ) -> Request:
        what = partial(self.description, message)
        return Request(type_, request_message(message), what, flags, ignore_errnos)

    def _with_current_indices(self, routes: RouteSet) -> RouteSet:
        missing = [name for _, name in routes.used_names() if name not in self.indices]
        if missing and not self.rolling_back:
            raise BridgekitError(f"there is no interface {', '.join(missing)} any more")
        if missing:
            routes = routes.where(lambda one: set(missing).isdisjoint(routes.links(one)))
        return routes.resolved(self.indices)


def _by_replace_key(routes: RouteSet, keys: frozenset[object]) -> dict[object, tuple[bytes, ...]]:
    """Return the routes with these keys, in their order."""
    found: dict[object, tuple[bytes, ...]] = {}
    for message in routes.messages:
        key = replace_key(message)
        if key in keys:
            found[key] = (*found.get(key, ()), message)
    return found


def _nexthop_routes(routes: RouteSet) -> dict[Identity, bytes]:
    """Return the nexthops of these routes, each as a route of its own."""
    parts = routes.with_nexthops_split()
    return dict(zip(parts.identities(), parts.messages, strict=True))


def _expand_blocks_like(old: RouteSet, new: RouteSet, current: RouteSet) -> Iterator[bytes]:
    """Yield the routes of those blocks of which some routes are replaced one by one."""
    keys = {
        routes.block_key(message)
        for routes in (old, new)
        for message in routes.messages
        if begins_with_prefix(message)
    }
    for block in current.blocks if keys else ():
        if current.block_key(block.sample) in keys:
            yield from block.messages()
