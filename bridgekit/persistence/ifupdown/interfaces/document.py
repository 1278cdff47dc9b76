"""interfaces(5) as a value: the stanzas of one file, of which every byte is kept."""

from msgspec import Struct

from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.lines import Line, lines

SELECTIONS = frozenset({"auto", "no-auto-down", "no-scripts"})
STARTS = SELECTIONS | {"iface", "mapping", "rename", "source"}
SYNONYMS = {"interface": "iface", "template": "iface"}
"""ifupdown-ng's; a template differs in that it is never brought up."""
ALLOW = "allow-"
SOURCE_DIRECTORY = "source-dir"


class Stanza(Struct, frozen=True):
    """A line that starts something (`iface`, `auto`, `source` …) and the lines up to the next.

    `head` is None for what comes before the first. Comments and empty lines are lines, too.
    """

    head: Line | None
    body: tuple[Line, ...] = ()

    @property
    def keyword(self) -> str:
        return SYNONYMS.get(self.head.name, self.head.name) if self.head else ""

    @property
    def words(self) -> tuple[str, ...]:
        """What follows the keyword."""
        return self.head.words if self.head else ()

    @property
    def options(self) -> tuple[Line, ...]:
        """The lines of the body that say something."""
        return tuple(line for line in self.body if line.text)

    @property
    def lines(self) -> tuple[Line, ...]:
        return (self.head, *self.body) if self.head else self.body


class Document(Struct, frozen=True):
    """One interfaces(5) file."""

    stanzas: tuple[Stanza, ...]

    @property
    def text(self) -> str:
        """The file again, byte for byte."""
        return "".join(line.raw for stanza in self.stanzas for line in stanza.lines)

    def of(self, keyword: str) -> tuple[Stanza, ...]:
        """The stanzas that a keyword starts."""
        return tuple(stanza for stanza in self.stanzas if stanza.keyword == keyword)


def parse(text: str, dialect: Dialect = CLASSIC) -> Document:
    """Divide an interfaces(5) text into stanzas; `parse(text).text == text`, whatever it is.

    Bytes that are not UTF-8 come through if they were decoded with `surrogateescape`.
    """
    found: list[list[Line]] = [[]]
    inside = False
    for line in lines(text):
        if starts(line, dialect) and not (inside and selects_itself(line)):
            found.append([])
            inside = SYNONYMS.get(line.name, line.name) == "iface"
        found[-1].append(line)
    first, *others = found
    stanzas = [Stanza(head, tuple(body)) for head, *body in others]
    return Document((Stanza(None, tuple(first)), *stanzas) if first else tuple(stanzas))


def starts(line: Line, dialect: Dialect) -> bool:
    """Does this line start a stanza?"""
    word = line.name
    return word in STARTS or word in dialect.starts or selects(word) or includes(word)


def selects_itself(line: Line) -> bool:
    """Is this `auto` or the like without a name? Inside an `iface` stanza it means that one."""
    return selects(line.name) and not line.rest


def selects(keyword: str) -> bool:
    """Is this `auto`, `allow-…`, `no-auto-down` or `no-scripts`?"""
    return keyword in SELECTIONS or activation(keyword) is not None


def activation(keyword: str) -> str | None:
    """The class of interfaces that `auto` or `allow-CLASS` adds to."""
    if keyword == "auto":
        return "auto"
    return keyword.removeprefix(ALLOW) or None if keyword.startswith(ALLOW) else None


def includes(keyword: str) -> bool:
    """Is this `source` or `source-directory`? Of the latter ifup looks at ten letters."""
    return keyword == "source" or keyword.startswith(SOURCE_DIRECTORY)
