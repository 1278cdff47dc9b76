"""Sort the lines of a NIC's stanza: what the bridge's state shows, and what stays the NIC's."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from bridgekit.persistence.ifupdown.commands import shell
from bridgekit.persistence.ifupdown.commands.network_command import NetworkCommand
from bridgekit.persistence.ifupdown.commands.reader import read_command
from bridgekit.persistence.ifupdown.commands.shell import SimpleCommand
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.interfaces.hooks import HOOKS, IFACE

CONDITIONS = frozenset({"[", "test", "true", ":", "sleep", "which", "command", "type"})
"""Programs that are there only for the commands around them."""


class Links(Struct, frozen=True):
    """The links whose addresses and routes the bridge's state shows.

    `own`: their names. `towards`: by which link the state reaches an address, or None.
    `own_variable`: `$IFACE` is one of them.
    """

    own: frozenset[str]
    towards: Callable[[str], str | None]
    own_variable: bool = True

    def are_named(self, names: Iterable[str]) -> bool:
        """Return whether one of these is an own link, an alias of it, or `$IFACE`."""
        links = (IFACE.sub("$IFACE", name).partition(":")[0] for name in names)
        return any(link in self.own or (link == "$IFACE" and self.own_variable) for link in links)


class Divided(Struct, frozen=True):
    """One line divided: what it does to the NIC, and what the bridge's state shows of it."""

    nic: str
    bridge: str


class Placed(Struct, frozen=True):
    """Where lines belong: to the NIC, to the bridge, or to both, so that they cannot be divided."""

    nic: tuple[Option, ...] = ()
    bridge: tuple[Option, ...] = ()
    undivided: tuple[Option, ...] = ()


def place(options: Iterable[Option], links: Links) -> Placed:
    """Divide hooks by what they do; other options are the NIC's."""
    nic, bridge, undivided = list[Option](), list[Option](), list[Option]()
    for option in options:
        parts = divide(option.value, links) if option.name in HOOKS else Divided(option.value, "")
        if parts is None:
            undivided.append(option)
            continue
        nic += [Option(option.name, parts.nic)] if parts.nic or not parts.bridge else []
        bridge += [Option(option.name, parts.bridge)] if parts.bridge else []
    return Placed(tuple(nic), tuple(bridge), tuple(undivided))


def divide(line: str, links: Links) -> Divided | None:
    """Return the line's commands by the link that they concern.

    Returns:
        None for a line that does something for both, and not one after the other.
    """
    commands = shell.parse_list(line)
    if commands is None:
        does_both = any(_shows(one, links) for one in shell.fragments(line))
        return None if does_both else Divided(line, "")
    shown = tuple(one for one in commands if _shows(one, links))
    rest = tuple(one for one in commands if one not in shown)
    if not shown:
        return Divided(line, "")
    if _starts_client(commands, links):
        return None
    if all(one.words[0] in CONDITIONS for one in rest if one.words):
        return Divided("", line)
    if any(one.operator == "||" for one in commands):
        return None
    ending = " || true" if shell.ignores_failure(line) else ""
    return Divided(shell.join(rest) + ending, shell.join(shown) + ending)


def _shows(command: SimpleCommand, links: Links) -> bool:
    change = read_command(command.words)
    return change is not None and _concerns(change, links)


def _concerns(change: NetworkCommand, links: Links) -> bool:
    """Return whether this changes an object of the own links, named or found by its gateway."""
    if change.elsewhere or change.linkless:
        return False
    if change.links or change.object == "dhcp client":
        return links.are_named(change.links)
    target = change.gateway or change.destination.partition("/")[0]
    return change.object != "rule" and links.towards(target) in links.own


def _starts_client(commands: tuple[SimpleCommand, ...], links: Links) -> bool:
    """Return whether a DHCP client of the NIC is started: no state replaces that."""
    changes = (read_command(one.words) for one in commands)
    return any(
        one is not None and one.object == "dhcp client" and links.are_named(one.links)
        for one in changes
    )
