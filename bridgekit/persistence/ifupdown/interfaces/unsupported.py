"""What of interfaces(5) files a dialect does not read, so that the host would not come up."""

from collections.abc import Iterator

from bridgekit.persistence.ifupdown.dialect import CLASSIC, IFUPDOWN_NG, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Stanza, is_inclusion
from bridgekit.persistence.ifupdown.interfaces.parsed import ParsedInterfaces, Problem
from bridgekit.persistence.ifupdown.interfaces.sources import Files


def unsupported_lines(
    parsed: ParsedInterfaces, files: Files, dialect: Dialect
) -> tuple[Problem, ...]:
    """Return what makes the dialect leave out lines that the interface may need."""
    if dialect is CLASSIC:
        return tuple(one for one in parsed.problems if one.fatal and one.path == parsed.main)
    if dialect is IFUPDOWN_NG:
        return tuple(_unread_by_ifupdown_ng(parsed, files))
    return tuple(_unread_by_ifupdown2(parsed))


def _unread_by_ifupdown_ng(parsed: ParsedInterfaces, files: Files) -> Iterator[Problem]:
    """Yield `source` lines whose file it cannot open: then it reads nothing at all.

    It expands no pattern, and takes a relative path as one from `/`, where it runs.
    """
    for path, stanza in _inclusions(parsed):
        word = "".join(stanza.words[:1])
        file = word if word.startswith("/") else f"/{word}"
        if stanza.keyword == "source" and files.text(file) is None:
            yield _problem(path, stanza, f"there is no file {word!r}, so it takes nothing at all")


def _unread_by_ifupdown2(parsed: ParsedInterfaces) -> Iterator[Problem]:
    for path, stanza in _inclusions(parsed):
        if stanza.keyword != "source":
            yield _problem(path, stanza, f"it does not know {stanza.keyword!r}")


def _inclusions(parsed: ParsedInterfaces) -> Iterator[tuple[str, Stanza]]:
    for path, document in parsed.documents.items():
        yield from ((path, one) for one in document.stanzas if is_inclusion(one.keyword))


def _problem(path: str, stanza: Stanza, message: str) -> Problem:
    return Problem(path, stanza.head.number if stanza.head else 0, message, True)
