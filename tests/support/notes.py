"""Notes of a run, kept in the tree: JSON lines, first the commit and the date, then what was tried.

The tables of docs/reliability.md are written from them, and from nothing else.
"""

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

COMMIT: Final = ("git", "describe", "--always", "--dirty", "--exclude=*")
Note = TypeVar("Note")


class Run(Struct, frozen=True):
    """What was tested, and when; a commit that ends in -dirty had changes beside it."""

    commit: str
    date: str

    def __str__(self) -> str:
        return f"{self.commit} of {self.date}"


class DirtyError(Exception):
    """Notes are to be kept of a run whose code no commit has."""


def this_run(root: Path, dirty: bool = False) -> Run:
    """Return the commit that is checked out, and today.

    Raises:
        DirtyError: The tree differs from the commit, and `dirty` does not allow that.
    """
    done = subprocess.run(COMMIT, cwd=root, check=True, capture_output=True, text=True)
    commit = done.stdout.strip()
    if commit.endswith("-dirty") and not dirty:
        raise DirtyError(
            f"the tree differs from commit {commit.removesuffix('-dirty')}, and notes of a run must"
            " name the code that ran: nothing was written; commit the changes, or say --dirty"
        )
    return Run(commit, time.strftime("%Y-%m-%d", time.gmtime()))


def write(path: Path, run: Run, notes: Iterable[Struct]) -> None:
    """Replace the notes by those of this run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.Encoder().encode_lines([run, *notes]))


def read(path: Path, decoder: msgspec.json.Decoder[Note]) -> tuple[Run, list[Note]]:
    """Return the run, and its notes."""
    first, *rest = path.read_bytes().splitlines()
    return msgspec.json.decode(first, type=Run), [decoder.decode(line) for line in rest]


def marked(text: str, mark: str) -> tuple[str, str, str]:
    """Return what is before, between and behind the marks of a page."""
    begin, end = f"<!-- written by {mark} -->\n", f"<!-- end of {mark} -->\n"
    before, rest = text.split(begin)
    between, after = rest.split(end)
    return before + begin, between, end + after


def put(page: Path, mark: str, written: str) -> None:
    """Put what was written in the place of what is between the marks."""
    before, _, after = marked(page.read_text(), mark)
    page.write_text(before + written + after)


def main(words: Sequence[str]) -> str | None:
    """Return why notes cannot be kept of a run of this tree, unless `--dirty` allows it."""
    try:
        this_run(Path.cwd(), "--dirty" in words)
    except DirtyError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
