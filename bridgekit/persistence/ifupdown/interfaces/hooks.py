"""The hooks of interfaces(5): commands that ifup gives to a shell, as far as they concern links."""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from bridgekit.persistence.ifupdown.interfaces.document import Option

HOOKS = frozenset(("pre-up", "up", "post-up", "down", "pre-down", "post-down"))
IP_OBJECTS = ("address", "route", "neighbour")
LINKLESS_TYPES = frozenset({"blackhole", "unreachable", "prohibit", "throw"})
"""Types of routes that belong to no link, so a snapshot of one does not show them."""
IFACE = re.compile(r"\$\{IFACE\}|\$IFACE\b")
OPERATORS = re.compile(r"[;&|<>`\n]|\$\(")
SUPPRESSED_FAILURE = re.compile(
    r"(\s*([12&]?>\s*/dev/null|2>&1|\|\|\s*(true|:)(?=\s|$)))+\s*$",
)
"""The end of a command that only hides its output or its failure."""
NIC_PROGRAMS = ("ethtool", "mii-tool", "iw", "wpa_supplicant")
"""Programs that make sense for a physical NIC alone."""


def hook_commands(options: tuple[Option, ...]) -> Iterator[str]:
    """Yield the commands that these options run."""
    return (option.value for option in options if option.name in HOOKS)


def is_captured(option: Option, links: Collection[str]) -> bool:
    """Return whether a snapshot of these links shows all that this option does.

    That is so for one `ip` command for addresses, routes, neighbours or rules of these links. It is
    not for a line that does more, nor for one about another link.
    """
    return option.name in HOOKS and _is_captured_command(_without_suppression(option), links)


def partially_captured(options: tuple[Option, ...], links: Collection[str]) -> Iterator[Option]:
    """Yield the lines that give these links addresses and do more than that.

    Such an address would be given twice at boot, and ifup would end there.
    """
    for option in options:
        parts = OPERATORS.split(_without_suppression(option)) if option.name in HOOKS else ()
        if len(parts) > 1 and any(_adds_address(part, links) for part in parts):
            yield option


def pin_to_nic(option: Option, link: str) -> Option:
    """Return an option that still concerns the NIC when its stanza becomes the bridge's.

    `$IFACE` would be the bridge, which does not exist yet when `pre-up` lines run.
    """
    if option.name == "pre-up" or (option.name in HOOKS and program(option) in NIC_PROGRAMS):
        return Option(option.name, IFACE.sub(lambda _: link, option.value))
    return option


def program(option: Option) -> str:
    """Return the name of the program that a hook starts, without its folder."""
    return "".join(option.value.split()[:1]).rpartition("/")[2]


def _without_suppression(option: Option) -> str:
    return SUPPRESSED_FAILURE.sub("", option.value)


def _is_captured_command(command: str, links: Collection[str]) -> bool:
    if OPERATORS.search(command):
        return False
    words = [word.strip("\"'") for word in _without_flags(command)]
    return (
        _runs_ip(words)
        and LINKLESS_TYPES.isdisjoint(words)
        and _names_no_other_link(words, links)
        and _has_captured_object(words)
    )


def _without_flags(command: str) -> list[str]:
    return [word for word in command.split() if not word.startswith("-")]


def _runs_ip(words: list[str]) -> bool:
    """Return whether this is `ip OBJECT …`."""
    return len(words) > 1 and words[0].rpartition("/")[2] == "ip"


def _names_no_other_link(words: list[str], links: Collection[str]) -> bool:
    devices = (following for word, following in pairwise(words) if word == "dev")
    return all(device in links or IFACE.fullmatch(device) for device in devices)


def _has_captured_object(words: list[str]) -> bool:
    """Return whether the snapshot has the object; iproute2 takes any beginning of its name."""
    if words[1] == "rule" and ("iif" in words or "oif" in words):
        return True
    return any(name.startswith(words[1]) for name in IP_OBJECTS)


def _adds_address(command: str, links: Collection[str]) -> bool:
    words = _without_flags(command)
    if not _is_captured_command(command, links):
        return False
    return "address".startswith(words[1]) and "add" in words
