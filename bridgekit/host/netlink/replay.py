"""The requests that make, replace and delete routes: the kernel's own messages, sent again."""

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridgekit.errors import BridgekitError
from bridgekit.host.netlink.channel import APPEND, CREATE, REPLACE, Request
from bridgekit.host.netlink.messages import replayed
from bridgekit.model.addresses import IPV6
from bridgekit.model.route_text import route_text
from bridgekit.model.routes import RouteSet, key

NEWROUTE, DELROUTE = 24, 25
THERE, GONE = frozenset({errno.EEXIST}), frozenset({errno.ESRCH})


@dataclass(frozen=True, slots=True)
class Replay:
    """Makes requests for the links that are `here`, by name their numbers.

    While undoing, what names a link that is gone is left out: with the link its routes went too.
    `quiet` are the errnos that mean that the work is done already.
    """

    here: Mapping[str, int]
    undoing: bool

    def added(self, routes: RouteSet, quiet: frozenset[int]) -> Iterator[Request]:
        """Put each behind those that have the same key."""
        for message in self._today(routes):
            yield Request(NEWROUTE, replayed(message), CREATE | APPEND, quiet)

    def removed(self, routes: RouteSet, quiet: frozenset[int]) -> Iterator[Request]:
        """Delete exactly these."""
        for message in self._today(routes):
            yield Request(DELROUTE, replayed(message), 0, quiet)

    def replaced(self, before: RouteSet, after: RouteSet, now: RouteSet) -> Iterator[Request]:
        """Put each route of `after` in the place of its twin in `before`.

        The kernel replaces the first of a key, whoever's it is. So where the twin is not the first
        now, a change fails; an undo puts the one before the others, and deletes the twin.
        """
        first: dict[object, object] = {}
        for identity, message in zip(now.identities(), now.messages, strict=True):
            first.setdefault(key(message), identity)
        present = frozenset(now.identities())
        names = zip(before.identities(), after.identities(), strict=True)
        for (old, new), message in zip(names, after.messages, strict=True):
            one, twin = (RouteSet(routes.names, (message,)) for routes in (after, before))
            if first.get(key(message)) == old and new not in present:
                for today in self._today(one):
                    yield Request(NEWROUTE, replayed(today), CREATE | REPLACE)
            elif self.undoing:
                yield from self._first(one) if new not in present else ()
                yield from self.removed(twin, GONE) if old in present else ()
            else:
                text = route_text(message, before.name)
                raise BridgekitError(f"something else changed the route {text}")

    def _first(self, routes: RouteSet) -> Iterator[Request]:
        """Put each before those that have the same key. IPv6 knows no such request."""
        for message in self._today(routes):
            flags = CREATE | (APPEND if message[0] == IPV6 else 0)
            yield Request(NEWROUTE, replayed(message), flags, THERE)

    def _today(self, routes: RouteSet) -> Iterator[bytes]:
        """With today's interface numbers."""
        missing = [name for _, name in routes.used_names() if name not in self.here]
        if missing and not self.undoing:
            raise BridgekitError(f"there is no interface {', '.join(missing)} any more")
        if missing:
            routes = routes.where(lambda one: set(missing).isdisjoint(routes.links(one)))
        return routes.resolved(self.here)
