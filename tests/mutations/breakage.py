"""A breakage: a promise, the text that keeps it, and the tests that must turn red without it."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

FOLDER: Final = Path(__file__).with_name("breakages")
ROOTLESS: Final = ("tests/unit/", "tests/protocol/", "tests/test_")


class BreakageError(Exception):
    """The list of breakages is not as it must be."""


class Breakage(Struct, frozen=True, forbid_unknown_fields=True):
    """One change of a file, and the pytest arguments of which a test must fail with it.

    `before` stands in the file exactly once.
    """

    id: str
    file: str
    before: str
    after: str
    promise: str
    tests: tuple[str, ...]
    room: str = ""

    @property
    def fast(self) -> bool:
        """Return whether its tests need no root and no network."""
        return all(test.startswith(ROOTLESS) for test in self.tests)

    def broken(self, text: str) -> str:
        """Return the file's text, broken.

        Raises:
            BreakageError: What is to be replaced is not there exactly once.
        """
        count = text.count(self.before)
        if count != 1 or self.before == self.after:
            raise BreakageError(
                f"breakage {self.id} no longer fits: its text stands {count} times in {self.file};"
                f" mend it in {FOLDER.name}/{self.room}.toml"
            )
        return text.replace(self.before, self.after)


def load(folder: Path = FOLDER) -> list[Breakage]:
    """Read all lists, one for each room, in the order of their names.

    Raises:
        BreakageError: A list is malformed, or an id stands in it twice.
    """
    found = [one for path in sorted(folder.glob("*.toml")) for one in _read(path)]
    twice = [id for id, count in Counter(one.id for one in found).items() if count > 1]
    if twice:
        raise BreakageError(f"ids that stand twice: {' '.join(twice)}")
    return found


def _read(path: Path) -> Iterator[Breakage]:
    try:
        entries = tomllib.loads(path.read_text())["breakage"]
        for entry in entries:
            yield msgspec.convert({**entry, "room": path.stem}, Breakage)
    except (KeyError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BreakageError(f"{path}: {error}") from error


def chosen(found: Sequence[Breakage], only: Sequence[str], fast: bool) -> list[Breakage]:
    """Return those of these ids and rooms (all, if none is named), of the fast ones if wanted.

    Raises:
        BreakageError: A name is of no breakage and of no room.
    """
    known = {name for one in found for name in (one.id, one.room)}
    if not known.issuperset(only):
        raise BreakageError(f"no breakage and no room: {' '.join(set(only) - known)}")
    named = [one for one in found if not only or {one.id, one.room} & set(only)]
    return [one for one in named if one.fast or not fast]


def misfits(found: Sequence[Breakage], root: Path) -> list[str]:
    """Return a message for each that does not fit the tree, or names tests that are not there."""
    messages = []
    for one in found:
        try:
            one.broken((root / one.file).read_text())
        except (BreakageError, OSError) as error:
            messages.append(str(error))
        gone = [test for test in one.tests if not _is_there(test, root)]
        if gone or not one.tests:
            messages.append(f"breakage {one.id}: no such tests: {' '.join(gone)}")
    return messages


def _is_there(test: str, root: Path) -> bool:
    """Return whether the file has this test; its parameters pytest knows alone."""
    file, _, name = test.partition("::")
    path = root / file
    if not name:
        return path.exists()
    return path.is_file() and f"def {name.partition('[')[0]}(" in path.read_text()
