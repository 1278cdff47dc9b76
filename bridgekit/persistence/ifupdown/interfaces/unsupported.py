"""What of interfaces(5) files a dialect does not take, so that the host would not come up."""

from collections.abc import Iterator

from bridgekit.persistence.ifupdown.dialect import CLASSIC, IFUPDOWN_NG, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Stanza, includes
from bridgekit.persistence.ifupdown.interfaces.parsed import ParsedInterfaces, Problem
from bridgekit.persistence.ifupdown.interfaces.sources import Files


def unsupported_lines(
    reading: ParsedInterfaces, files: Files, dialect: Dialect
) -> tuple[Problem, ...]:
    """Return what makes the dialect leave out lines that the interface may need."""
    if dialect is CLASSIC:
        return tuple(one for one in reading.problems if one.fatal and one.path == reading.main)
    find = _unread_by_ng if dialect is IFUPDOWN_NG else _unread_by_ifupdown2
    return tuple(find(reading, files))


def _unread_by_ng(reading: ParsedInterfaces, files: Files) -> Iterator[Problem]:
    """It expands no pattern, takes nothing at all if a file cannot be opened, and runs in `/`."""
    for path, stanza in _including(reading):
        word = "".join(stanza.words[:1])
        file = word if word.startswith("/") else f"/{word}"
        if stanza.keyword == "source" and files.text(file) is None:
            yield _problem(path, stanza, f"there is no file {word!r}, so it takes nothing at all")


def _unread_by_ifupdown2(reading: ParsedInterfaces, _: Files) -> Iterator[Problem]:
    for path, stanza in _including(reading):
        if stanza.keyword != "source":
            yield _problem(path, stanza, f"it does not know {stanza.keyword!r}")


def _including(reading: ParsedInterfaces) -> Iterator[tuple[str, Stanza]]:
    for path, document in reading.documents.items():
        yield from ((path, one) for one in document.stanzas if includes(one.keyword))


def _problem(path: str, stanza: Stanza, message: str) -> Problem:
    return Problem(path, stanza.head.number if stanza.head else 0, message, True)
