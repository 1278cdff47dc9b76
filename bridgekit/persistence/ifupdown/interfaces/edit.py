"""Rewrite interfaces(5) so that an interface no longer comes up with settings of its own.

Lines that go are commented out with `MARK`; lines that come stand between `ADDED` and `END`. So
`restore` gives the text back, byte for byte.
"""

from collections.abc import Iterator

from msgspec import Struct

from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import (
    Stanza,
    allow_class,
    parse,
    selects_enclosing,
)
from bridgekit.persistence.ifupdown.interfaces.lines import Line, physical_lines
from bridgekit.persistence.ifupdown.interfaces.names import is_link_or_alias, parse_target

MARK = "#bridgekit# "
ADDED, END = "#bridgekit+", "#bridgekit-"
"""Each further plus sign is a newline that had to be put before, since the text had none there."""
FOR_OTHERS = "-for-others"


class Kept(Struct, frozen=True):
    """What of an interface stays when its stanzas go.

    `name`: in `auto` and `allow-*` lines. `definitions`: its stanzas that others use, under another
    name. `not_lines`: option lines of other interfaces that go as well.
    """

    name: bool = True
    definitions: frozenset[str] = frozenset()
    not_lines: frozenset[str] = frozenset()


NAME_KEPT = Kept()


def disable(
    text: str,
    link: str,
    new_stanza: str,
    kept: Kept = NAME_KEPT,
    dialect: Dialect = CLASSIC,
) -> str:
    """Return the text with the interface's stanzas commented out and a new one in their place.

    Aliases are removed from `auto` and `allow-*` lines. Every other byte stays. Where the interface
    has no stanza, the new one goes to the end.
    """
    rewriting = _Rewriting(link, kept)
    parts: list[str] = []
    place, unterminated = 0, False
    for stanza in parse(text, dialect).stanzas:
        for line in stanza.lines:
            new_words = rewriting.replacement(line, stanza)
            parts.append(line.raw if new_words is None else _commented_out(line.raw))
            unterminated = line.open and new_words is None
            if new_words:
                parts.append(_added_block(new_words, parts[-1]))
            if line.text and rewriting.is_own(stanza):
                place = len(parts)
    place = place or len(parts)
    if new_stanza:
        before = parts[place - 1] if place else ""
        parts.insert(place, _added_block(new_stanza, before, unterminated and place == len(parts)))
    return "".join(parts)


def restore(text: str) -> str:
    """Return the text that `disable` was given: without what it added, marks removed.

    A begin mark that has no end mark stays as it is.
    """
    kept: list[str] = []
    begins: list[int] = []
    for line in physical_lines(text):
        if line.startswith(END) and begins:
            plus_signs = kept[begins[-1]].removeprefix(ADDED)
            del kept[begins.pop() :]
            _drop_newlines(kept, len(plus_signs) - len(plus_signs.lstrip("+")))
            continue
        if line.startswith(ADDED):
            begins.append(len(kept))
        kept.append(line)
    return "".join(line.removeprefix(MARK) for line in kept)


def _drop_newlines(kept: list[str], count: int) -> None:
    for _ in range(count):
        if kept and kept[-1].endswith("\n"):
            kept[-1:] = [kept[-1][:-1]] if len(kept[-1]) > 1 else []


def _commented_out(raw: str) -> str:
    return "".join(MARK + line for line in physical_lines(raw))


def _added_block(text: str, before: str, unterminated: bool = False) -> str:
    """Return new lines between marks.

    `before` is the text in front of them; `unterminated`: it ends in a line's continuation.
    """
    missing = bool(before) - before.endswith("\n") + unterminated
    begin = "\n" * missing + ADDED + "+" * missing
    last = "" if text.endswith("\n") else "\n"
    return f"{begin} added:\n{text}{last}{END}\n"


class _Rewriting(Struct, frozen=True):
    """Decides line by line what becomes of a text in which one interface is disabled."""

    link: str
    kept: Kept

    def is_own(self, stanza: Stanza) -> bool:
        """Return whether this is a stanza of the interface or of an alias of it."""
        return stanza.keyword == "iface" and is_link_or_alias("".join(stanza.words[:1]), self.link)

    def replacement(self, line: Line, stanza: Stanza) -> str | None:
        """Return the text, perhaps empty, in place of a line that goes; None for one that stays."""
        words = line.words
        is_head = line is stanza.head
        if is_head and allow_class(line.name) is not None:
            words = tuple(self._with_new_name(word) for word in self._selected(line.words))
        elif line.text and self.is_own(stanza) and self._may_go(line, stanza):
            return ""
        elif is_head and stanza.keyword == "iface":
            words = tuple(self._iface_words(line.words))
        elif stanza.keyword == "iface" and line.text in self.kept.not_lines:
            return ""
        if words == line.words:
            return None
        return f"{line.name} {' '.join(words)}\n" if words else ""

    def _may_go(self, line: Line, stanza: Stanza) -> bool:
        """Return whether no other stanza inherits this line."""
        return stanza.words[0] not in self.kept.definitions or selects_enclosing(line)

    def _selected(self, words: tuple[str, ...]) -> Iterator[str]:
        """Yield the words of `auto` and the like without the interface's aliases.

        Its own name, if it stays, gets the stanza of that name. It comes before a pattern that
        would bring it up with another one: ifup does nothing for an interface that is up.
        """
        named = False
        for word in words:
            target = parse_target(word)
            assigns = target.is_pattern and target.logical is not None
            is_own = target.physical == self.link and self.kept.name
            if (is_own or (assigns and target.may_match(self.link))) and not named:
                named = True
                yield self.link
            if target.is_pattern or not is_link_or_alias(target.physical, self.link):
                yield word

    def _with_new_name(self, word: str) -> str:
        """Return a word of `auto` and the like, with the new name of a stanza that others use."""
        target = parse_target(word)
        if target.logical is None:
            return word
        return f"{target.physical}={self._new_name(target.logical)}"

    def _iface_words(self, words: tuple[str, ...]) -> Iterator[str]:
        """Yield the words of an `iface` line, with the new names of stanzas that others use."""
        for at, word in enumerate(words):
            is_parent = (at > 1 and words[at - 1] == "inherits") or words[1:at] == ("inherits",)
            yield self._new_name(word) if at == 0 or is_parent else word

    def _new_name(self, name: str) -> str:
        return name + FOR_OTHERS if name in self.kept.definitions else name
