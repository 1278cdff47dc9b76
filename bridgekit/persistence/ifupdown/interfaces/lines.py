"""The lines of interfaces(5) as ifupdown 0.8 joins and splits them; no byte of them is lost."""

from collections.abc import Iterator

from msgspec import Struct

BLANKS = " \t\n\v\f\r"
"""What divides words: isspace(3) in the C locale, which ifup runs in. A hard space is a letter."""
LONGEST_WORD = 79


class Line(Struct, frozen=True):
    """One logical line.

    `raw` is all of it as it stands in the file, `text` what ifup reads: nothing of a comment, no
    backslashes at ends of lines, no blanks around. `number` is where it starts, from 1. `open`: the
    file ends in its continuation.
    """

    raw: str
    text: str
    number: int
    open: bool = False

    @property
    def name(self) -> str:
        """The first word; empty also where a continued line starts with blanks."""
        return self._split()[0][:LONGEST_WORD]

    @property
    def rest(self) -> str:
        """What follows the first word, as one string."""
        return self._split()[1].lstrip(BLANKS)

    @property
    def words(self) -> tuple[str, ...]:
        """All words that follow the first."""
        return tuple(word[:LONGEST_WORD] for word in words(self.rest))

    def _split(self) -> tuple[str, str]:
        end = next((at for at, letter in enumerate(self.text) if letter in BLANKS), None)
        return (self.text, "") if end is None else (self.text[:end], self.text[end:])


def words(text: str) -> Iterator[str]:
    """Yield the words of a text, divided by the blanks that ifup knows."""
    word = ""
    for letter in text:
        if letter not in BLANKS:
            word += letter
        elif word:
            yield word
            word = ""
    if word:
        yield word


def lines(text: str) -> Iterator[Line]:
    """Yield every logical line of interfaces(5); joined, their raw texts are the text."""
    parts = physical_lines(text)
    at = 0
    while at < len(parts):
        line = _logical(parts, at)
        yield line
        at += physical_count(line.raw)


def physical_lines(text: str) -> list[str]:
    """Divide a text after each newline, and nowhere else."""
    parts = text.split("\n")
    whole = [part + "\n" for part in parts[:-1]]
    return [*whole, parts[-1]] if parts[-1] else whole


def physical_count(raw: str) -> int:
    """Return the number of physical lines in a text."""
    return raw.count("\n") + (not raw.endswith("\n"))


def _logical(parts: list[str], first: int) -> Line:
    """Join a line with those that continue it; a comment continues none, but may continue one."""
    text = _read(parts[first]).lstrip(BLANKS)
    if text.startswith("#"):
        return Line(parts[first], "", first + 1)
    end = first + 1
    while text.endswith("\\") and end < len(parts):
        text = text[:-1] + _read(parts[end])
        end += 1
    opened = text.endswith("\\")
    return Line("".join(parts[first:end]), _trimmed(text), first + 1, opened)


def _trimmed(text: str) -> str:
    """Return a line's text without blanks at its end, nor backslashes at the end of the file."""
    return text.rstrip("\\").rstrip(BLANKS) if text.endswith("\\") else text.rstrip(BLANKS)


def _read(part: str) -> str:
    """Return what ifup reads of a physical line: a NUL ends it."""
    return part.removesuffix("\n").partition("\0")[0]
