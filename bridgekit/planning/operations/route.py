"""Changes of routes, policy rules and nexthop objects."""

from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from bridgekit.planning.operations.operation import Operation
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import Nexthop, Rule

FAMILY_FLAG = {IPV4: "", IPV6: "-6 "}
SAMPLE = 12
"""How many routes of one operation are shown; the rest is counted."""


class ReplaceRoutes(Operation, frozen=True):
    """Put each of these routes in its own place, over the links that `names` says.

    Only for routes that are the first of their key: the kernel replaces the first one
    (see docs/adr/0003-replace-only-the-first.md).
    """

    before: RouteSet
    names: tuple[tuple[int, str], ...]

    @property
    def after(self) -> RouteSet:
        """The routes as they are after this operation."""
        return replace(self.before, names=self.names)

    def inverse(self) -> "ReplaceRoutes":
        """Return the replacement by the routes before."""
        return ReplaceRoutes(self.after, self.before.names)

    def describe(self) -> Iterator[str]:
        """Yield `ip route replace` for a sample."""
        yield from route_words("replace", self.after)

    def commands(self) -> Iterator[str]:
        """Yield the same command for every route."""
        return every_route("replace", self.after)


class AddRoutes(Operation, frozen=True):
    """Add routes behind those that have the same key."""

    routes: RouteSet

    def inverse(self) -> "RemoveRoutes":
        """Return the removal of these routes."""
        return RemoveRoutes(self.routes)

    def describe(self) -> Iterator[str]:
        """Yield `ip route append` for a sample."""
        yield from route_words("append", self.routes)

    def commands(self) -> Iterator[str]:
        """Yield the same command for every route."""
        return every_route("append", self.routes)


class PrependRoutes(Operation, frozen=True):
    """Add routes in front of those that have the same key; in IPv6, which has no order, beside."""

    routes: RouteSet

    def inverse(self) -> "RemoveRoutes":
        """Return the removal of these routes."""
        return RemoveRoutes(self.routes)

    def describe(self) -> Iterator[str]:
        """Yield `ip route prepend` for a sample."""
        yield from route_words("prepend", self.routes)

    def commands(self) -> Iterator[str]:
        """Yield the same command for every route."""
        return every_route("prepend", self.routes)


class RemoveRoutes(Operation, frozen=True):
    """Remove exactly these routes."""

    routes: RouteSet

    def inverse(self) -> AddRoutes:
        """Return the addition of these routes."""
        return AddRoutes(self.routes)

    def describe(self) -> Iterator[str]:
        """Yield `ip route delete` for a sample."""
        yield from route_words("delete", self.routes)

    def commands(self) -> Iterator[str]:
        """Yield the same command for every route."""
        return every_route("delete", self.routes)


RouteChange = ReplaceRoutes | AddRoutes | PrependRoutes | RemoveRoutes
"""Describes itself by a sample where there are many; `commands` yields all."""


class SetRules(Operation, frozen=True):
    """Make the policy rules of one family and priority these, in this order.

    Rules cannot be replaced: the new ones are added behind the old ones, which then go. What
    matches neither before nor after in between does not exist. The kernel allows duplicates.
    """

    before: tuple[Rule, ...]
    after: tuple[Rule, ...]

    def inverse(self) -> "SetRules":
        """Return the change to the rules before."""
        return SetRules(self.after, self.before)

    def describe(self) -> Iterator[str]:
        """Yield `ip rule add` and `ip rule delete`."""
        for verb, rules in (("add", self.after), ("delete", self.before)):
            yield from (f"ip {FAMILY_FLAG[rule.family]}rule {verb} {rule}" for rule in rules)


class RetargetNexthops(Operation, frozen=True):
    """Point nexthop objects at another link; routes and groups that use them follow at once."""

    nexthops: tuple[Nexthop, ...]
    before: str
    after: str

    def inverse(self) -> "RetargetNexthops":
        """Return the change to the link before."""
        return RetargetNexthops(self.nexthops, self.after, self.before)

    def describe(self) -> Iterator[str]:
        """Yield `ip nexthop replace` for each object."""
        for nexthop in self.nexthops:
            yield f"ip nexthop replace {nexthop.on(self.after)}"


def route_words(verb: str, routes: RouteSet) -> Iterator[str]:
    """Yield the `ip route` commands for a sample of these routes, and how many more there are."""
    yield from (_words(verb, routes, message) for message in routes.messages[:SAMPLE])
    if len(routes.messages) > SAMPLE:
        yield f"… and {len(routes.messages) - SAMPLE:,} more routes"
    for group in routes.blocks:
        yield from (_words(verb, routes, message) for message in islice(group.messages(), 1))
        yield f"… and {len(group) - 1:,} more like it"


def every_route(verb: str, routes: RouteSet) -> Iterator[str]:
    """Yield the `ip route` command for each of these routes."""
    return (_words(verb, routes, message) for message in routes.all_messages())


def _words(verb: str, routes: RouteSet, message: bytes) -> str:
    return f"ip {FAMILY_FLAG[message[0]]}route {verb} {format_route(message, routes.name)}"
