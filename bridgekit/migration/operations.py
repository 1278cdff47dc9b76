"""The changes a plan is made of. Each is a value that knows its opposite and its `ip` words.

An operation is complete when it returns: what it promises is there and usable. None relies on
something the kernel would do unasked; `connected` routes, which come and go with an address, are
named in the operation that brings or takes the address.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bridgekit.model.addresses import IPV4, IPV6, Address
from bridgekit.model.links import BridgeOptions, Neighbour
from bridgekit.model.route_text import route_text
from bridgekit.model.routes import RouteSet
from bridgekit.model.rules import Nexthop, Rule

FAMILY_FLAG = {IPV4: "", IPV6: "-6 "}
ADDRGENMODES = ("eui64", "none", "stable_secret", "random")
SAMPLE = 12
"""How many routes of one operation are shown; the rest is counted."""


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """What a bridge is made with; MTU in bytes, `qlen` in packets."""

    mac: str
    mtu: int
    options: BridgeOptions
    qlen: int = 1000
    group: int = 0
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class CreateBridge:
    """Make a bridge, down, with these settings, and no IPv6 link-local address of its own."""

    name: str
    settings: BridgeSettings

    def inverse(self) -> "DeleteBridge":
        return DeleteBridge(self.name, self.settings)

    def describe(self) -> Iterator[str]:
        given = self.settings
        yield (
            f"ip link add {self.name} address {given.mac} mtu {given.mtu} txqueuelen {given.qlen}"
            f" type bridge {_option_words(given.options)}"
        )
        more = ["group", str(given.group)] if given.group else []
        more += ["alias", shlex.quote(given.alias)] if given.alias else []
        yield " ".join(["ip link set", self.name, "addrgenmode none", *more])


def _option_words(options: BridgeOptions) -> str:
    """STP and the forward delay always, for the kernel's own differ; the rest where it does."""
    usual = BridgeOptions()
    words = [f"stp_state {int(options.stp)} forward_delay {options.forward_delay}"]
    for name in ("hello_time", "max_age", "ageing_time", "priority", "vlan_filtering"):
        value = getattr(options, name)
        words += [f"{name} {int(value)}"] if value != getattr(usual, name) else []
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class DeleteBridge:
    """Delete a bridge; the settings say how it can be made again."""

    name: str
    settings: BridgeSettings

    def inverse(self) -> CreateBridge:
        return CreateBridge(self.name, self.settings)

    def describe(self) -> Iterator[str]:
        yield f"ip link delete {self.name}"


@dataclass(frozen=True, slots=True)
class SetUp:
    """Bring a link up or down."""

    link: str
    up: bool

    def inverse(self) -> "SetUp":
        return replace(self, up=not self.up)

    def describe(self) -> Iterator[str]:
        yield f"ip link set {self.link} {'up' if self.up else 'down'}"


@dataclass(frozen=True, slots=True)
class SetAddrGenMode:
    """Choose how a link makes IPv6 link-local addresses from now on; existing ones stay."""

    link: str
    before: int
    after: int

    def inverse(self) -> "SetAddrGenMode":
        return SetAddrGenMode(self.link, self.after, self.before)

    def describe(self) -> Iterator[str]:
        yield f"ip link set {self.link} addrgenmode {ADDRGENMODES[self.after]}"


@dataclass(frozen=True, slots=True)
class SetController:
    """Make a link a port of a controller, or free it; done when the controller is operational."""

    link: str
    before: str | None
    after: str | None

    def inverse(self) -> "SetController":
        return SetController(self.link, self.after, self.before)

    def describe(self) -> Iterator[str]:
        yield f"ip link set {self.link} " + (f"master {self.after}" if self.after else "nomaster")


@dataclass(frozen=True, slots=True)
class SetSysctl:
    """Write one kernel setting; `key` is the path below /proc/sys."""

    key: str
    before: str
    after: str

    def inverse(self) -> "SetSysctl":
        return SetSysctl(self.key, self.after, self.before)

    def describe(self) -> Iterator[str]:
        yield f"sysctl -w {self.key}={self.after}"


@dataclass(frozen=True, slots=True)
class AddAddresses:
    """Add addresses in this order, without duplicate detection where they are proven already.

    Done when all that can be used are usable. The kernel makes the connected routes.
    """

    link: str
    addresses: tuple[Address, ...]
    connected: RouteSet

    def inverse(self) -> "RemoveAddresses":
        return RemoveAddresses(self.link, self.addresses, self.connected)

    def describe(self) -> Iterator[str]:
        for address in self.addresses:
            proven = address.family == IPV6 and not address.tentative
            yield f"ip address add {address} dev {self.link}{' nodad' if proven else ''}"


@dataclass(frozen=True, slots=True)
class RemoveAddresses:
    """Remove the connected routes, then the addresses, last added first."""

    link: str
    addresses: tuple[Address, ...]
    connected: RouteSet

    def inverse(self) -> AddAddresses:
        return AddAddresses(self.link, self.addresses, self.connected)

    def describe(self) -> Iterator[str]:
        yield from _route_words("delete", self.connected)
        for address in reversed(self.addresses):
            yield f"ip address delete {address.ip}/{address.prefixlen} dev {self.link}"


@dataclass(frozen=True, slots=True)
class AddNeighbours:
    """Add neighbour entries, so that nothing waits for ARP or NDP."""

    link: str
    entries: tuple[Neighbour, ...]

    def inverse(self) -> "RemoveNeighbours":
        return RemoveNeighbours(self.link, self.entries)

    def describe(self) -> Iterator[str]:
        for entry in self.entries:
            yield f"ip neighbour replace {entry}"


@dataclass(frozen=True, slots=True)
class RemoveNeighbours:
    """Remove neighbour entries."""

    link: str
    entries: tuple[Neighbour, ...]

    def inverse(self) -> AddNeighbours:
        return AddNeighbours(self.link, self.entries)

    def describe(self) -> Iterator[str]:
        for entry in self.entries:
            proxy = "proxy " if entry.flags & entry.PROXY else ""
            yield f"ip neighbour delete {proxy}{entry.ip} dev {self.link}"


@dataclass(frozen=True, slots=True)
class ReplaceRoutes:
    """Put each route of `after` in the place of its twin in `before`.

    Only for routes that are the first of their key: the kernel replaces the first one
    (see docs/adr/0003-replace-only-the-first.md).
    """

    before: RouteSet
    after: RouteSet

    def inverse(self) -> "ReplaceRoutes":
        return ReplaceRoutes(self.after, self.before)

    def describe(self) -> Iterator[str]:
        yield from _route_words("replace", self.after)


@dataclass(frozen=True, slots=True)
class AddRoutes:
    """Add routes behind those that have the same key."""

    routes: RouteSet

    def inverse(self) -> "RemoveRoutes":
        return RemoveRoutes(self.routes)

    def describe(self) -> Iterator[str]:
        yield from _route_words("append", self.routes)


@dataclass(frozen=True, slots=True)
class RemoveRoutes:
    """Remove exactly these routes."""

    routes: RouteSet

    def inverse(self) -> AddRoutes:
        return AddRoutes(self.routes)

    def describe(self) -> Iterator[str]:
        yield from _route_words("delete", self.routes)


@dataclass(frozen=True, slots=True)
class SetRules:
    """Make the policy rules of one family and priority these, in this order.

    Rules cannot be replaced: the new ones are added behind the old ones, which then go. What
    matches neither before nor after in between does not exist. The kernel allows duplicates.
    """

    before: tuple[Rule, ...]
    after: tuple[Rule, ...]

    def inverse(self) -> "SetRules":
        return SetRules(self.after, self.before)

    def describe(self) -> Iterator[str]:
        for verb, rules in (("add", self.after), ("delete", self.before)):
            yield from (f"ip {FAMILY_FLAG[rule.family]}rule {verb} {rule}" for rule in rules)


@dataclass(frozen=True, slots=True)
class RetargetNexthops:
    """Point nexthop objects at another link; routes and groups that use them follow at once."""

    nexthops: tuple[Nexthop, ...]
    before: str
    after: str

    def inverse(self) -> "RetargetNexthops":
        return RetargetNexthops(self.nexthops, self.after, self.before)

    def describe(self) -> Iterator[str]:
        for nexthop in self.nexthops:
            yield f"ip nexthop replace {nexthop.on(self.after)}"


def _route_words(verb: str, routes: RouteSet) -> Iterator[str]:
    for message in routes.messages[:SAMPLE]:
        words = f"route {verb} {route_text(message, routes.name)}"
        yield f"ip {FAMILY_FLAG[message[0]]}{words}"
    if len(routes) > SAMPLE:
        yield f"… and {len(routes) - SAMPLE} more routes"


Operation = (
    CreateBridge
    | DeleteBridge
    | SetUp
    | SetAddrGenMode
    | SetController
    | SetSysctl
    | AddAddresses
    | RemoveAddresses
    | AddNeighbours
    | RemoveNeighbours
    | ReplaceRoutes
    | AddRoutes
    | RemoveRoutes
    | SetRules
    | RetargetNexthops
)


def inverted(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """Return what takes all of it back: each inverse, last first."""
    return tuple(operation.inverse() for operation in reversed(operations))
