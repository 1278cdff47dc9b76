"""What a command does to addresses, routes, rules and neighbours, whichever program it runs."""

from typing import Literal

from msgspec import Struct

CommandObject = Literal["address", "route", "rule", "neighbour", "maddress", "fdb", "dhcp client"]


class NetworkCommand(Struct, frozen=True):
    """One change: of which object, on which links.

    `links`: the links that it names, as it spells them. `destination` and `gateway`: of a route
    as written, `destination` of an address or neighbour its address. `linkless`: a type of route
    that belongs to no link, such as `blackhole`. `elsewhere`: in another network namespace. `adds`:
    it makes the object, rather than removing it.
    """

    object: CommandObject
    links: tuple[str, ...] = ()
    destination: str = ""
    gateway: str = ""
    linkless: bool = False
    elsewhere: bool = False
    adds: bool = True
