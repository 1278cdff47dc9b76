"""One difference of two network states, in words, and the commands that mend it."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from msgspec import Struct

from bridgekit.planning.operations import (
    AddAddresses,
    AddNeighbours,
    AddStaticMacs,
    CreateBridge,
    RemoveAddresses,
    SetUp,
    StopClient,
)
from bridgekit.planning.operations.link import ADDRGENMODES
from bridgekit.planning.operations.route import FAMILY_FLAG
from bridgekit.state.address import Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import BridgeSettings, Link, Neighbour, StaticMac
from bridgekit.state.routes.format import format_route
from bridgekit.state.routes.message import table_of
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import Nexthop, Rule
from bridgekit.uapi.rtnetlink import RT_TABLE_LOCAL

LINK_COMMANDS: dict[str, Callable[[Any], str]] = {
    "mac": lambda mac: f"address {mac}",
    "mtu": lambda mtu: f"mtu {mtu}",
    "up": lambda up: "up" if up else "down",
    "controller": lambda controller: f"master {controller}" if controller else "nomaster",
    "qlen": lambda qlen: f"txqueuelen {qlen}",
    "group": lambda group: f"group {group}",
    "alias": lambda alias: f"alias {shlex.quote(alias or '')}",
    "addrgenmode": lambda mode: f"addrgenmode {ADDRGENMODES[mode or 0]}",
}
"""The arguments of `ip link set` for a value of a link."""
Changes = list[tuple[str, object, object]]
"""The name of a value, what it should be, and what it is."""
Described = tuple[str, Iterable[str], Iterable[str]]
"""A text for something, the commands that add it, and those that remove it."""


class Difference(Struct, frozen=True):
    """One thing that is not as it should be, and the commands that mend it.

    `subject` names what differs, whatever its value.
    """

    what: Literal["missing", "unexpected", "changed"]
    text: str
    repair: tuple[str, ...] = ()
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.text}"


def creation_commands(link: Link) -> tuple[str, ...]:
    """Return the commands that create a link again: only a bridge can be."""
    if link.bridge is None:
        return ()
    created = CreateBridge(link.name, BridgeSettings.of(link)).describe()
    return (*created, *SetUp(link.name, link.up).describe())


def changed_link(name: str, changes: Changes) -> Iterator[Difference]:
    """Yield a difference for each value of a link, with the command for it if there is one."""
    for field, wanted, actual in changes:
        words = LINK_COMMANDS[field](wanted) if field in LINK_COMMANDS else None
        repair = (f"ip link set {name} {words}",) if words else ()
        text = f"link {name}: {field} {wanted} became {actual}"
        yield Difference("changed", text, repair, f"link {name}: {field}")


def describe_address(address: Address) -> Described:
    """Return the text and the commands of an address."""
    only, none = (address,), RouteSet()
    return (
        f"address {address} dev {address.link}",
        AddAddresses(address.link, only, none).describe(),
        RemoveAddresses(address.link, only, none).describe(),
    )


def route_difference(
    what: Literal["missing", "unexpected"], verb: str, message: bytes, routes: RouteSet
) -> Difference:
    """Return the difference that a route makes; `verb` is what `ip route` does about it.

    Those of the table local come and go with addresses.
    """
    text = format_route(message, routes.name)
    repair = (f"ip {FAMILY_FLAG[message[0]]}route {verb} {text}",)
    return Difference(what, f"route {text}", () if table_of(message) == RT_TABLE_LOCAL else repair)


def describe_neighbour(entry: Neighbour) -> Described:
    """Return the text and the commands of a neighbour entry."""
    made = AddNeighbours(entry.link, (entry,))
    return f"neighbour {entry}", made.describe(), made.inverse().describe()


def describe_static_mac(entry: StaticMac) -> Described:
    """Return the text and the commands of a MAC address that someone added."""
    made = AddStaticMacs(entry.link, (entry,))
    return f"MAC address {entry}", made.describe(), made.inverse().describe()


def describe_client(client: DhcpClient) -> Described:
    """Return the text and the commands of a DHCP client."""
    return str(client), (shlex.join(client.argv),), StopClient(client, client).describe()


def rule_repair(verb: str, rule: Rule) -> tuple[str]:
    """Return the command that adds or deletes a policy rule."""
    return (f"ip {FAMILY_FLAG[rule.family]}rule {verb} {rule}",)


def describe_nexthop(hop: Nexthop) -> Described:
    """Return the text and the commands of a nexthop object."""
    end = f"ip nexthop delete id {hop.id}"
    return f"nexthop {hop}", (f"ip nexthop replace {hop}",), (end,)
