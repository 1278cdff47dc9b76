"""interfaces(5) as text: whose lines are whose, and how one interface's are switched off.

Text is decoded with `surrogateescape`, so that every byte comes back as it was.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bridgekit.persistence.stanza import Option

MARK = "#bridgekit# "
LINE = re.compile(r"[^\n]*\n|[^\n]+")
STARTS = frozenset(
    {
        *("iface", "mapping", "auto", "source", "source-directory"),
        *("template", "rename", "no-auto-down", "no-scripts"),
    }
)
ACTIVATIONS = ("auto", "no-auto-down", "no-scripts")
EXPRESSED = frozenset(
    {
        *("address", "netmask", "network", "broadcast", "gateway", "mtu", "hwaddress", "scope"),
        *("metric", "pointopoint", "accept_ra", "autoconf", "privext", "dad-attempts"),
        *("dad-interval", "preferred-lifetime"),
    }
)
"""Options whose effect the snapshot shows, so that the new stanza says it anew."""
OF_THE_BRIDGE = frozenset(
    f"bridge_{word}"
    for word in (
        "ports",
        "stp",
        "fd",
        "hello",
        "maxage",
        "ageing",
        "bridgeprio",
        "hw",
        "vlan_aware",
    )
)
"""Likewise, of a bridge that was there already."""
HOOKS = frozenset(("pre-up", "up", "post-up", "down", "pre-down", "post-down"))
IP_OBJECTS = ("address", "route", "neighbour")


@dataclass(frozen=True, slots=True)
class Entry:
    """One logical line: its raw text (with continuations) and the stanza line it belongs to."""

    raw: str
    words: tuple[str, ...]
    owner: tuple[str, ...]

    @property
    def starts(self) -> bool:
        return bool(self.words) and _starts(self.words[0])


def entries(text: str) -> Iterator[Entry]:
    """Yield every logical line; joined, their raw texts are the text."""
    owner: tuple[str, ...] = ()
    for raw in _logical_lines(text):
        words = tuple(raw.replace("\\\n", " ").replace("\\\r\n", " ").split())
        if words and words[0].startswith("#"):
            words = ()
        if words and _starts(words[0]):
            owner = words
        yield Entry(raw, words, owner)


def _logical_lines(text: str) -> Iterator[str]:
    gathered = ""
    for line in LINE.findall(text):
        gathered += line
        comment = gathered.lstrip().startswith("#")
        if comment or not line.rstrip("\r\n").endswith("\\"):
            yield gathered
            gathered = ""
    if gathered:
        yield gathered


def _starts(word: str) -> bool:
    return word in STARTS or word.startswith("allow-")


def sources(text: str) -> tuple[tuple[str, str], ...]:
    """Return (`source` or `source-directory`, pattern) for each file pattern that is included."""
    kinds = ("source", "source-directory")
    found = (entry.words for entry in entries(text) if entry.starts)
    return tuple((w[0], pattern) for w in found if w[0] in kinds for pattern in w[1:])


def configures(text: str, link: str) -> bool:
    """Is there a section for this interface?"""
    return any(entry.starts and _is_section_of(entry.words, link) for entry in entries(text))


def options(text: str, link: str) -> tuple[Option, ...]:
    """Return the option lines of all sections of this interface."""
    return tuple(
        Option(entry.words[0], " ".join(entry.words[1:]))
        for entry in entries(text)
        if entry.words and not entry.starts and _is_section_of(entry.owner, link)
    )


def methods(text: str, link: str) -> tuple[tuple[str, str], ...]:
    """Return (`inet` or `inet6`, method) of each section of this interface."""
    heads = (e.words for e in entries(text) if e.starts and _is_section_of(e.words, link))
    return tuple((words[2], words[3]) for words in heads if len(words) > 3)


def inherits(text: str, link: str) -> bool:
    """Does another section inherit from this interface's?"""
    return any(
        entry.words[at : at + 2] == ("inherits", link)
        for entry in entries(text)
        for at in range(len(entry.words))
        if not _is_section_of(entry.owner, link)
    )


def matched_by_pattern(text: str, link: str) -> bool:
    """Is the interface activated by a pattern, such as `auto /eth*`?"""
    lines = (e.words for e in entries(text) if e.starts and _activates(e.words[0]))
    patterns = (word for words in lines for word in words[1:] if word.startswith("/"))
    return any(
        fnmatchcase(link, pattern[1:].partition("=")[0].split("/")[-1]) for pattern in patterns
    )


def other_lines_naming(text: str, link: str) -> tuple[Option, ...]:
    """Return the option lines of other interfaces' sections that name this one."""
    return tuple(
        Option(entry.words[0], " ".join(entry.words[1:]))
        for entry in entries(text)
        if entry.words and not entry.starts and not _is_section_of(entry.owner, link)
        if link in entry.words[1:]
    )


def carried(own: tuple[Option, ...]) -> tuple[Option, ...]:
    """Return the options that the bridge's section needs from the NIC's, word for word.

    Left out is what the new section says by itself: addresses, and `ip` commands for addresses,
    routes, neighbours and rules that name links, whose effect is in the snapshot.
    """
    expressed = EXPRESSED | OF_THE_BRIDGE
    return tuple(o for o in own if o.name not in expressed and not _is_ip_command(o))


def ports(own: tuple[Option, ...]) -> tuple[str, ...]:
    """Return the words of a bridge's `bridge_ports`; "none" is no port."""
    values = (option.value.split() for option in own if option.name == "bridge_ports")
    return tuple(word for words in values for word in words if word != "none")


def _is_ip_command(option: Option) -> bool:
    words = [word for word in option.value.split() if not word.startswith("-")]
    if option.name not in HOOKS or len(words) < 2 or words[0].rpartition("/")[2] != "ip":
        return False
    names_links = words[1] == "rule" and ("iif" in words or "oif" in words)
    return names_links or any(item.startswith(words[1]) for item in IP_OBJECTS)


def switched_off(text: str, link: str, instead: str) -> str:
    """Return the text with the interface's sections commented out and `instead` in their place.

    Its name is taken out of `auto` and `allow-*` lines. Every other byte stays. Where there is no
    section, `instead` goes to the end.
    """
    parts: list[str] = []
    place = None
    for entry in entries(text):
        activation = entry.starts and _activates(entry.words[0]) and _names(entry.words, link)
        ours = entry.words and _is_section_of(entry.owner, link)
        parts.append(_marked(entry.raw) if ours or activation else entry.raw)
        if activation:
            parts.append(_without(entry.words, link))
        if ours:
            place = len(parts)
    place = len(parts) if place is None else place
    before, after = "".join(parts[:place]), "".join(parts[place:])
    return before + _spaced(before, instead, after) + after


def _spaced(before: str, middle: str, after: str) -> str:
    """Set the new text off by empty lines."""
    if not middle:
        return ""
    lead = "" if not before or before.endswith("\n") else "\n"
    lead += "\n" if before.strip() else ""
    return lead + middle + ("\n" if after.strip() and not after.startswith("\n") else "")


def _marked(raw: str) -> str:
    return "".join(MARK + line for line in LINE.findall(raw))


def _without(words: tuple[str, ...], link: str) -> str:
    others = [word for word in words[1:] if not _is_name_of(word, link)]
    return f"{words[0]} {' '.join(others)}\n" if others else ""


def _activates(word: str) -> bool:
    return word in ACTIVATIONS or word.startswith("allow-")


def _names(words: tuple[str, ...], link: str) -> bool:
    return any(_is_name_of(word, link) for word in words[1:])


def _is_section_of(words: tuple[str, ...], link: str) -> bool:
    return len(words) > 1 and words[0] == "iface" and _is_name_of(words[1], link)


def _is_name_of(word: str, link: str) -> bool:
    """An alias such as eth0:1 is the same interface with a label."""
    return word == link or word.startswith(link + ":")
