"""interfaces(5) as a value: the stanzas of one file, of which every byte is kept."""

from msgspec import Struct

from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.lines import Line, lines

SELECTIONS = frozenset({"auto", "no-auto-down", "no-scripts"})
KEYWORDS = SELECTIONS | {"iface", "mapping", "rename", "source"}
SYNONYMS = {"interface": "iface", "template": "iface"}
"""ifupdown-ng's; a template differs in that it is never brought up."""
ALLOW = "allow-"
SOURCE_DIRECTORY = "source-dir"


class Option(Struct, frozen=True):
    """One option line of an `iface` stanza."""

    name: str
    value: str


class Stanza(Struct, frozen=True):
    """A line that begins with a keyword (`iface`, `auto`, `source` …) and the lines up to the next.

    `head` is None for what comes before the first. Comments and empty lines are lines, too.
    """

    head: Line | None
    body: tuple[Line, ...] = ()

    @property
    def keyword(self) -> str:
        """The head's first word, by its name in ifupdown 0.8."""
        return SYNONYMS.get(self.head.name, self.head.name) if self.head else ""

    @property
    def words(self) -> tuple[str, ...]:
        """What follows the keyword."""
        return self.head.words if self.head else ()

    @property
    def options(self) -> tuple[Line, ...]:
        """The lines of the body that are neither empty nor comments."""
        return tuple(line for line in self.body if line.text)

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, the head's first."""
        return (self.head, *self.body) if self.head else self.body


class Document(Struct, frozen=True):
    """One interfaces(5) file."""

    stanzas: tuple[Stanza, ...]

    @property
    def text(self) -> str:
        """The file again, byte for byte."""
        return "".join(line.raw for stanza in self.stanzas for line in stanza.lines)

    def with_keyword(self, keyword: str) -> tuple[Stanza, ...]:
        """Return the stanzas that begin with a keyword."""
        return tuple(stanza for stanza in self.stanzas if stanza.keyword == keyword)


def parse(text: str, dialect: Dialect = CLASSIC) -> Document:
    """Divide an interfaces(5) text into stanzas; `parse(text).text == text`, whatever it is.

    Bytes that are not UTF-8 come through if they were decoded with `surrogateescape`.
    """
    groups: list[list[Line]] = [[]]
    in_iface = False
    for line in lines(text):
        if starts_stanza(line, dialect) and not (in_iface and selects_enclosing(line)):
            groups.append([])
            in_iface = SYNONYMS.get(line.name, line.name) == "iface"
        groups[-1].append(line)
    preamble, *others = groups
    stanzas = [Stanza(head, tuple(body)) for head, *body in others]
    return Document((Stanza(None, tuple(preamble)), *stanzas) if preamble else tuple(stanzas))


def starts_stanza(line: Line, dialect: Dialect) -> bool:
    """Return whether this line starts a stanza."""
    word = line.name
    if word in KEYWORDS or word in dialect.stanza_keywords:
        return True
    return is_selection(word) or is_inclusion(word)


def selects_enclosing(line: Line) -> bool:
    """Return whether this is `auto` or the like without a name: it selects the stanza around it."""
    return is_selection(line.name) and not line.rest


def is_selection(keyword: str) -> bool:
    """Return whether this is `auto`, `allow-…`, `no-auto-down` or `no-scripts`."""
    return keyword in SELECTIONS or allow_class(keyword) is not None


def allow_class(keyword: str) -> str | None:
    """Return the class of interfaces to which `auto` or `allow-CLASS` adds."""
    if keyword == "auto":
        return "auto"
    return keyword.removeprefix(ALLOW) or None if keyword.startswith(ALLOW) else None


def is_inclusion(keyword: str) -> bool:
    """Return whether this is `source` or `source-directory`; ifup compares ten letters of that."""
    return keyword == "source" or keyword.startswith(SOURCE_DIRECTORY)
