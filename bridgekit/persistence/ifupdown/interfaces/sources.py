"""Which files `source` and `source-directory` of interfaces(5) mean: wordexp(3) without a shell."""

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces.lines import BLANKS
from bridgekit.persistence.ifupdown.interfaces.names import matches, quoted

REFUSED = "|&;<>(){}\n"
"""Where one of these stands unquoted, wordexp(3) refuses the whole line."""
NEED_A_SHELL = "$`"
WILDCARDS = "*?["
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
"""`source-directory` reads files of such names alone."""


class Files(Protocol):
    """Where the files are; in memory for a test, on a disk for a program."""

    def text(self, path: str) -> str | None:
        """The text of a file, or None where none can be read."""

    def names(self, folder: str) -> Collection[str]:
        """The names in a folder; none where there is no folder."""


class NotExpandedError(Exception):
    """The words after `source` cannot be expanded; the message says why."""


class Word(Struct, frozen=True):
    """One word after `source`: as a pattern for file names, and as what it is without one."""

    pattern: str
    plain: str
    wild: bool


def included(including: str, keyword: str, rest: str, files: Files) -> tuple[str, ...]:
    """Return the paths that a `source` line of a file means, in ifup's order.

    They may not exist. Only the first word is relative to the including file's folder; further ones
    are to the folder that ifup runs in, at boot `/`. NotExpandedError if ifup reads none of them,
    or if a shell's variables decide.
    """
    folder = including.rpartition("/")[0] if "/" in including else "."
    first = rest if rest.startswith("/") else f"{folder}/{rest}"
    found = [path for word in _words(first) for path in _expanded(word, files)]
    absolute = [path if path.startswith("/") or folder == "." else "/" + path for path in found]
    if keyword == "source":
        return tuple(absolute)
    return tuple(f"{path}/{name}" for path in absolute for name in _plain_names(path, files))


def _plain_names(folder: str, files: Files) -> list[str]:
    return _in_order(name for name in files.names(folder) if name and PLAIN.issuperset(name))


def _in_order(names: Iterable[str]) -> list[str]:
    """By bytes, as strcoll(3) does in the C locale."""
    return sorted(names, key=lambda name: name.encode(errors="surrogateescape"))


def _words(text: str) -> Iterator[Word]:
    """Divide a text into words as a shell does: quotes and backslashes count, and are taken off."""
    letters, word, quote, begun = iter(text), Word("", "", False), "", False
    for letter in letters:
        if letter == "\\" and quote != "'":
            word, begun = _with(word, _escaped(next(letters, ""), quote), literal=True), True
        elif letter == quote:
            quote = ""
        elif letter in "'\"" and not quote:
            quote, begun = letter, True
        elif letter in NEED_A_SHELL and quote != "'":
            raise NotExpandedError("a shell's variables or commands decide which file it is")
        elif not quote and letter in REFUSED:
            raise NotExpandedError(f"ifup takes nothing from a line with {letter!r}")
        elif not quote and letter in BLANKS:
            if begun:
                yield word
            word, begun = Word("", "", False), False
        else:
            if letter == "~" and not begun:
                raise NotExpandedError("a user's home folder decides which file it is")
            word, begun = _with(word, letter, literal=bool(quote)), True
    if quote:
        raise NotExpandedError("a quote is not closed")
    if begun:
        yield word


def _escaped(letter: str, quote: str) -> str:
    """What a backslash and a letter are; between double quotes few letters need one."""
    return letter if not quote or letter in '$`"\\' else "\\" + letter


def _with(word: Word, letters: str, literal: bool) -> Word:
    pattern = "".join(map(_literal, letters)) if literal else letters
    wild = word.wild or (not literal and letters in WILDCARDS)
    return Word(word.pattern + pattern, word.plain + letters, wild)


def _literal(letter: str) -> str:
    return "\\\\" if letter == "\\" else quoted(letter)


def _expanded(word: Word, files: Files) -> list[str]:
    """The files that match; the word itself if it is no pattern, or nothing matches."""
    if not word.wild:
        return [word.plain]
    parts = word.pattern.split("/")
    wild = next(at for at, part in enumerate(parts) if _is_wild(part))
    found = ["".join(part + "/" for part in parts[:wild])]
    for part in parts[wild:]:
        found = [path for folder in found for path in _inside(folder, part, files)]
    return _in_order(path.removesuffix("/") for path in found) or [word.plain]


def _is_wild(part: str) -> bool:
    return any(letter in part for letter in WILDCARDS + "\\")


def _inside(folder: str, pattern: str, files: Files) -> Iterator[str]:
    """The names in a folder that match, as folders for what follows: `*` takes no hidden one."""
    if pattern in ("", ".", ".."):
        yield folder + (pattern and pattern + "/")
        return
    for name in files.names(folder or "."):
        if matches(name, pattern) and (pattern.startswith(".") or not name.startswith(".")):
            yield f"{folder}{name}/"
