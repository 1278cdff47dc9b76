"""One difference of two network states, in words, and the operations that repair it."""

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.planning.operations import (
    AddAddresses,
    AddNeighbours,
    AddRoutes,
    AddStaticMacs,
    ChangeBridge,
    CreateBridge,
    DeleteBridge,
    Operation,
    PrependRoutes,
    RemoveRoutes,
    RetargetNexthops,
    SetAddrGenMode,
    SetController,
    SetUp,
    StartClient,
    StopClient,
)
from bridgekit.state.address import Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import BridgeOptions, BridgeSettings, Link, Neighbour, StaticMac
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.message import table_of
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import Nexthop
from bridgekit.uapi.rtnetlink import RT_TABLE_LOCAL

NOTHING_SET = BridgeSettings(mac="", mtu=0, options=BridgeOptions())
SETTINGS = frozenset({"mac", "mtu", "qlen", "group", "alias"})
"""The settings that every link has."""
Changes = list[tuple[str, object, object]]
"""The name of a value, what it should be, and what it is."""
Described = tuple[str, Operation, Operation | None]
"""A text for something, the operation that adds it, and the one that removes it."""


class Difference(Struct, frozen=True):
    """One thing that is not as it should be, and the operations that repair it.

    `links` are those that it is about; "" stands for what has none. `subject` names what differs,
    whatever its value.
    """

    what: Literal["missing", "unexpected", "changed"]
    text: str
    operations: tuple[Operation, ...] = ()
    links: tuple[str, ...] = ()
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.text}"

    @property
    def repair(self) -> tuple[str, ...]:
        """The commands that say the same as the operations."""
        return tuple(command for one in self.operations for command in one.describe())


def creation(link: Link) -> tuple[Operation, ...]:
    """Return the operations that create a link again: only a bridge can be."""
    if link.bridge is None:
        return ()
    return CreateBridge(link.name, BridgeSettings.of(link)), SetUp(link.name, link.up)


def deletion(link: Link) -> tuple[Operation, ...]:
    """Return the operation that deletes a link: only a bridge is."""
    return (DeleteBridge(link.name, BridgeSettings.of(link)),) if link.bridge else ()


def changed_link(name: str, changes: Changes) -> Iterator[Difference]:
    """Yield a difference for each value of a link, with the operation for it if there is one."""
    for field, wanted, actual in changes:
        text = f"link {name}: {field} {wanted} became {actual}"
        operations = tuple(_set_value(name, field, wanted, actual))
        yield Difference("changed", text, operations, (name,), f"link {name}: {field}")


def _set_value(name: str, field: str, wanted: Any, actual: Any) -> Iterator[Operation]:
    if field == "up":
        yield SetUp(name, wanted)
    if field == "controller":
        yield SetController(name, actual, wanted)
    if field == "addrgenmode":
        yield SetAddrGenMode(name, actual or 0, wanted or 0)
    if field in SETTINGS:
        before, after = (replace(NOTHING_SET, **{field: value}) for value in (actual, wanted))
        yield ChangeBridge(name, before, after)


def describe_address(address: Address) -> Described:
    """Return the text and the operations of an address."""
    made = AddAddresses(address.link, (address,), RouteSet())
    return f"address {address} dev {address.link}", made, made.inverse()


def route_difference(
    what: Literal["missing", "unexpected"],
    kind: type[AddRoutes | PrependRoutes | RemoveRoutes],
    message: bytes,
    routes: RouteSet,
) -> Difference:
    """Return the difference that a route makes; `kind` is what repairs it.

    Those of the table local come and go with addresses.
    """
    text, links = f"route {format_route(message, routes.name)}", routes.links(message)
    if table_of(message) == RT_TABLE_LOCAL:
        return Difference(what, text, (), links)
    return Difference(what, text, (kind(RouteSet(routes.names, (message,))),), links)


def describe_neighbour(entry: Neighbour) -> Described:
    """Return the text and the operations of a neighbour entry."""
    made = AddNeighbours(entry.link, (entry,))
    return f"neighbour {entry}", made, made.inverse()


def describe_static_mac(entry: StaticMac) -> Described:
    """Return the text and the operations of a MAC address that someone added."""
    made = AddStaticMacs(entry.link, (entry,))
    return f"MAC address {entry}", made, made.inverse()


def describe_client(client: DhcpClient) -> Described:
    """Return the text and the operations of a DHCP client."""
    return str(client), StartClient(client, client), StopClient(client, client)


def describe_nexthop(hop: Nexthop) -> Described:
    """Return the text of a nexthop object, and the operation that makes it; none removes one."""
    return f"nexthop {hop}", RetargetNexthops((hop,), hop.link or "", hop.link or ""), None
