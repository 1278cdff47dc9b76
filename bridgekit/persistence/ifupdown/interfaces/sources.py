"""Which files `source` and `source-directory` of interfaces(5) mean: wordexp(3) without a shell."""

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces.lines import BLANKS
from bridgekit.persistence.ifupdown.interfaces.names import escape_wildcard, matches

BAD_UNQUOTED = "|&;<>(){}\n"
"""Where one of these stands unquoted, wordexp(3) refuses the whole line."""
NEED_A_SHELL = "$`"
WILDCARDS = "*?["
DIRECTORY_NAME_LETTERS = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
)
"""`source-directory` reads files of such names alone."""


class Files(Protocol):
    """Where files are read from: a disk, or memory in tests."""

    def text(self, path: str) -> str | None:
        """Return the text of a file, or None where none can be read."""

    def names(self, folder: str) -> Collection[str]:
        """Return the names in a folder; none where there is no folder."""


class NotExpandedError(Exception):
    """The words after `source` cannot be expanded; the message says why."""


class Word(Struct, frozen=True):
    """One word after `source`: as a pattern for file names, and as a literal file name."""

    pattern: str = ""
    plain: str = ""
    wild: bool = False


EMPTY = Word()


def included_paths(including: str, keyword: str, rest: str, files: Files) -> tuple[str, ...]:
    """Return the paths that a `source` line of a file means, in ifup's order.

    They may not exist. Only the first word is relative to the including file's folder; further ones
    are relative to the folder that ifup runs in, at boot `/`.

    Raises:
        NotExpandedError: ifup reads none of them, or a shell's variables decide.
    """
    folder = including.rpartition("/")[0] if "/" in including else "."
    first = rest if rest.startswith("/") else f"{folder}/{rest}"
    paths = [path for word in _words(first) for path in _expanded(word, files)]
    absolute = [path if path.startswith("/") or folder == "." else "/" + path for path in paths]
    if keyword == "source":
        return tuple(absolute)
    return tuple(f"{path}/{name}" for path in absolute for name in _plain_names(path, files))


def _plain_names(folder: str, files: Files) -> list[str]:
    return _in_order(
        name for name in files.names(folder) if name and DIRECTORY_NAME_LETTERS.issuperset(name)
    )


def _in_order(names: Iterable[str]) -> list[str]:
    """Sort by bytes, as strcoll(3) in the C locale."""
    return sorted(names, key=lambda name: name.encode(errors="surrogateescape"))


def _words(text: str) -> Iterator[Word]:
    """Divide a text into words and remove its quoting as wordexp(3) does, but start no shell.

    The comments name the functions of glibc's posix/wordexp.c. NotExpandedError where that fails,
    or where a shell's variables, commands or users decide.
    """
    letters, quote = iter(text), ""
    word: Word | None = None
    for letter in letters:
        if letter == "\\" and quote != "'":  # parse_backslash, parse_qtd_backslash
            word = _with(word, _escaped(next(letters, ""), quote), literal=True)
        elif letter == quote:  # the end of parse_squote, parse_dquote
            quote = ""
        elif letter in "'\"" and not quote:
            quote, word = letter, word or EMPTY
        else:
            _check_expandable(letter, quote, begins=word is None)
            if quote or letter not in BLANKS:
                word = _with(word, letter, literal=bool(quote))
            elif word:
                yield word
                word = None
    if quote:  # WRDE_SYNTAX
        raise NotExpandedError("a quote is not closed")
    if word:
        yield word


def _check_expandable(letter: str, quote: str, begins: bool) -> None:
    """Raise NotExpandedError for a letter at which wordexp(3) fails or asks the environment."""
    if letter in NEED_A_SHELL and quote != "'":  # parse_dollars, parse_backtick
        raise NotExpandedError("a shell's variables or commands decide which file it is")
    if not quote and letter in BAD_UNQUOTED:  # WRDE_BADCHAR
        raise NotExpandedError(f"ifup takes nothing from a line with {letter!r}")
    if not quote and letter == "~" and begins:  # parse_tilde
        raise NotExpandedError("a user's home folder decides which file it is")


def _escaped(letter: str, quote: str) -> str:
    """Return what a backslash and a letter mean; in double quotes it escapes four letters only."""
    return letter if not quote or letter in '$`"\\' else "\\" + letter


def _with(word: Word | None, letters: str, literal: bool) -> Word:
    """Return the word, begun here if it is None, with more letters."""
    word = word or EMPTY
    pattern = "".join(map(_literal, letters)) if literal else letters
    wild = word.wild or (not literal and letters in WILDCARDS)
    return Word(word.pattern + pattern, word.plain + letters, wild)


def _literal(letter: str) -> str:
    return "\\\\" if letter == "\\" else escape_wildcard(letter)


def _expanded(word: Word, files: Files) -> list[str]:
    """Return the files that match; the word itself if it is no pattern, or nothing matches."""
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
    """Yield the names in a folder that match, with a slash; `*` matches no hidden one."""
    if pattern in ("", ".", ".."):
        yield folder + (pattern and pattern + "/")
        return
    for name in files.names(folder or "."):
        if matches(name, pattern) and (pattern.startswith(".") or not name.startswith(".")):
            yield f"{folder}{name}/"
