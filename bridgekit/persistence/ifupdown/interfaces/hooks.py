"""The commands in interfaces(5) that ifup gives to a shell, as far as they are about links."""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from bridgekit.persistence.ifupdown.option import Option

NAMES = frozenset(("pre-up", "up", "post-up", "down", "pre-down", "post-down"))
IP_OBJECTS = ("address", "route", "neighbour")
OF_NO_LINK = frozenset({"blackhole", "unreachable", "prohibit", "throw"})
"""Routes that no link has, so no snapshot of one shows them."""
IFACE = re.compile(r"\$\{IFACE\}|\$IFACE\b")
OPERATORS = re.compile(r"[;&|<>`\n]|\$\(")
ENDING = re.compile(r"(\s*([12&]?>\s*/dev/null|2>&1|\|\|\s*(true|:)(?=\s|$)))+\s*$")
"""What hides a failure, and says no more."""
OF_CARDS = ("ethtool", "mii-tool", "iw", "wpa_supplicant")
"""Programs that make sense with a network card alone."""


def commands(own: tuple[Option, ...]) -> Iterator[str]:
    """Yield the commands that these options run."""
    return (option.value for option in own if option.name in NAMES)


def is_captured(option: Option, links: Collection[str]) -> bool:
    """Is this one `ip` command for addresses, routes, neighbours or rules of these links?

    Its effect is in the snapshot. A line that does more is not; nor is one about another link.
    """
    return option.name in NAMES and _is_captured(ENDING.sub("", option.value), links)


def _is_captured(command: str, links: Collection[str]) -> bool:
    if OPERATORS.search(command):
        return False
    words = [word.strip("\"'") for word in command.split() if not word.startswith("-")]
    if len(words) < 2 or words[0].rpartition("/")[2] != "ip" or OF_NO_LINK.intersection(words):
        return False
    devices = (after for word, after in pairwise(words) if word == "dev")
    if any(one not in links and not IFACE.fullmatch(one) for one in devices):
        return False
    names_links = words[1] == "rule" and ("iif" in words or "oif" in words)
    return names_links or any(item.startswith(words[1]) for item in IP_OBJECTS)


def partially_captured(own: tuple[Option, ...], links: Collection[str]) -> Iterator[Option]:
    """Yield the lines that give these links addresses and do more than that.

    Such an address would be given twice at boot, and ifup would end there.
    """
    for option in own:
        parts = OPERATORS.split(ENDING.sub("", option.value)) if option.name in NAMES else ()
        if len(parts) > 1 and any(_gives(part, links) for part in parts):
            yield option


def _gives(command: str, links: Collection[str]) -> bool:
    words = [word for word in command.split() if not word.startswith("-")]
    return _is_captured(command, links) and "address".startswith(words[1]) and "add" in words


def pin_to_nic(option: Option, link: str) -> Option:
    """Return an option that goes on being about the card when its stanza is a bridge's.

    `$IFACE` would be the bridge, which is not there yet when `pre-up` lines run.
    """
    first = "".join(option.value.split()[:1]).rpartition("/")[2]
    if option.name != "pre-up" and not (option.name in NAMES and first in OF_CARDS):
        return option
    return Option(option.name, IFACE.sub(lambda _: link, option.value))
