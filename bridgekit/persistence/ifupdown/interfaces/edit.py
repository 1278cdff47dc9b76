"""Rewrites interfaces(5) so that an interface no longer comes up with settings of its own.

What goes is commented out with `MARK`; what comes stands between `ADDED` and `END`. So all of it
can be taken back, byte for byte.
"""

from collections.abc import Iterator

from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import (
    Stanza,
    activation,
    parse,
    selects_itself,
)
from bridgekit.persistence.ifupdown.interfaces.lines import Line, physical_lines
from bridgekit.persistence.ifupdown.interfaces.names import is_of, target
from bridgekit.persistence.ifupdown.interfaces.stanza_options import NameReferences

MARK = "#bridgekit# "
ADDED, END = "#bridgekit+", "#bridgekit-"
"""Each further plus sign is a newline that had to be put before, since the text had none there."""
FOR_OTHERS = "-for-others"
NO_TIES = NameReferences()


def disable(
    text: str, link: str, instead: str, tied: NameReferences = NO_TIES, dialect: Dialect = CLASSIC
) -> str:
    """Return the text with the interface's stanzas commented out and `instead` in their place.

    Its name is taken out of `auto` and `allow-*` lines. Every other byte stays. Where there is no
    stanza, `instead` goes to the end. Where others need its name there is a bare stanza; its
    own stanza, if others use that, is called something else from now on.
    """
    parts: list[str] = []
    place, opened = 0, False
    for stanza, line in ((s, line) for s in parse(text, dialect).stanzas for line in s.lines):
        new = _instead_of(line, stanza, link, tied)
        parts.append(line.raw if new is None else _marked(line.raw))
        opened = line.open and new is None
        if new:
            parts.append(_added(new, parts[-1]))
        if line.text and _is_own(stanza, link):
            place = len(parts)
    place = place or len(parts)
    if instead:
        whole = instead + _left(link, tied, dialect.bare)
        before = parts[place - 1] if place else ""
        parts.insert(place, _added(whole, before, opened and place == len(parts)))
    return "".join(parts)


def _left(link: str, tied: NameReferences, bare: str) -> str:
    """What must be left of the interface: its name, and its place in the groups of its VLANs."""
    groups = "".join(f"allow-{group} {link}\n" for group in sorted(tied.groups))
    return f"\n{groups}{bare.format(link)}" if tied.named else ""


def restore(text: str) -> str:
    """Take back what `switched_off` did: without what it added, and with what it commented out.

    A mark of what was added that has no end stays as it is.
    """
    kept: list[str] = []
    begun: list[int] = []
    for line in physical_lines(text):
        if line.startswith(END) and begun:
            extra = kept[begun[-1]].removeprefix(ADDED)
            del kept[begun.pop() :]
            _drop_newlines(kept, len(extra) - len(extra.lstrip("+")))
            continue
        if line.startswith(ADDED):
            begun.append(len(kept))
        kept.append(line)
    return "".join(line.removeprefix(MARK) for line in kept)


def _drop_newlines(kept: list[str], count: int) -> None:
    for _ in range(count):
        if kept and kept[-1].endswith("\n"):
            kept[-1:] = [kept[-1][:-1]] if len(kept[-1]) > 1 else []


def _marked(raw: str) -> str:
    return "".join(MARK + line for line in physical_lines(raw))


def _added(new: str, before: str, opened: bool = False) -> str:
    """New lines with the marks around. `opened`: what is before ends in the middle of a line."""
    missing = bool(before) - before.endswith("\n") + opened
    begin = "\n" * missing + ADDED + "+" * missing
    last = "" if new.endswith("\n") else "\n"
    return f"{begin} added:\n{new}{last}{END}\n"


def _is_own(stanza: Stanza, link: str) -> bool:
    return stanza.keyword == "iface" and is_of("".join(stanza.words[:1]), link)


def _instead_of(line: Line, stanza: Stanza, link: str, tied: NameReferences) -> str | None:
    """What to write for a line that must go, which may be nothing; None for a line that stays."""
    found = line.words
    if line is stanza.head and activation(line.name) is not None:
        found = tuple(_renamed(word, tied) for word in _activated(line, link))
    elif line.text and _is_own(stanza, link) and _goes(line, stanza, tied):
        return ""
    elif line is stanza.head and stanza.keyword == "iface":
        found = tuple(_called(line.words, tied))
    if found == line.words:
        return None
    return f"{line.name} {' '.join(found)}\n" if found else ""


def _goes(line: Line, stanza: Stanza, tied: NameReferences) -> bool:
    """Of a stanza that others use stays what they inherit."""
    return stanza.words[0] not in tied.definitions or selects_itself(line)


def _activated(line: Line, link: str) -> Iterator[str]:
    """The words of `auto` and the like without the interface.

    Its name comes before a pattern that would bring it up with another stanza: ifup leaves alone
    what is up already.
    """
    claimed = False
    for word in line.words:
        wanted = target(word)
        takes = wanted.is_pattern and wanted.logical is not None and wanted.may_match(link)
        if takes and not claimed:
            claimed = True
            yield link
        if wanted.is_pattern or not is_of(wanted.physical, link):
            yield word


def _renamed(word: str, tied: NameReferences) -> str:
    """A word of `auto` and the like, with another name for a stanza that others use."""
    wanted = target(word)
    if wanted.logical is None:
        return word
    return f"{wanted.physical}={_other_name(wanted.logical, tied)}"


def _called(words: tuple[str, ...], tied: NameReferences) -> Iterator[str]:
    """The words of `iface`, with other names for the stanzas that others use."""
    for at, word in enumerate(words):
        named = at == 0 or (at > 1 and words[at - 1] == "inherits") or words[1:at] == ("inherits",)
        yield _other_name(word, tied) if named else word


def _other_name(name: str, tied: NameReferences) -> str:
    return name + FOR_OTHERS if name in tied.definitions else name
