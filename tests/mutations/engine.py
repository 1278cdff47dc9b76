"""Try breakages, one at a time in each copy, and tell what the tests made of them."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Literal

import pytest
from msgspec import Struct

from tests.mutations.breakage import Breakage
from tests.mutations.copy import Copy, Run, make

Verdict = Literal["killed", "survived", "no verdict"]
FAST_SECONDS: Final = 600
SECONDS: Final = 1200
"""For the tests of one breakage; far more than they take, so that load does not decide."""
UNCHANGED_SECONDS: Final = 7200
SHOWN: Final = 1500
"""Characters of the end of a test run that did not go as it must."""


class Outcome(Struct, frozen=True):
    """What became of a breakage; `noticed` is the test that failed."""

    id: str
    room: str
    verdict: Verdict
    noticed: str = ""
    seconds: float = 0


@contextmanager
def copies(source: Path, number: int) -> Iterator[list[Copy]]:
    """Make copies of the tree, and remove them at the end with what their tests left."""
    folder = Path(tempfile.mkdtemp(prefix="mutate-"))
    try:
        yield [make(source, folder / str(one)) for one in range(number)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def red_without(copy: Copy, breakages: Sequence[Breakage]) -> frozenset[tuple[str, ...]]:
    """Return the selections that are not green in an unchanged tree: with them red says nothing.

    All are run at once; each by itself only if that is not green.
    """
    red: set[tuple[str, ...]] = set()
    for fast in (True, False):
        selections = {one.tests for one in breakages if one.fast == fast}
        if selections and not _is_green(copy, sorted({*chain.from_iterable(selections)})):
            red |= {one for one in selections if not _is_green(copy, one)}
    return frozenset(red)


def _is_green(copy: Copy, tests: Sequence[str]) -> bool:
    run = copy.run(tests, UNCHANGED_SECONDS)
    if run.code != pytest.ExitCode.OK:
        print(f"without a breakage, {' '.join(tests)[:SHOWN]}:\n{_end(run)}", flush=True)
    return run.code == pytest.ExitCode.OK


def attempt(copy: Copy, breakage: Breakage) -> Outcome:
    """Try one. It is killed only by a test that failed: not by one that could not be loaded."""
    with copy.broken(breakage):
        run = copy.run(breakage.tests, FAST_SECONDS if breakage.fast else SECONDS)
    verdict: Verdict = "no verdict"
    if run.code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        verdict = "killed" if run.code else "survived"
    else:
        print(f"breakage {breakage.id}: pytest ended with {run.code}\n{_end(run)}", flush=True)
    return Outcome(breakage.id, breakage.room, verdict, run.noticed, round(run.seconds, 1))


def attempt_all(pool: Sequence[Copy], breakages: Sequence[Breakage]) -> Iterator[Outcome]:
    """Try all, as many at a time as there are copies; yield their outcomes in order."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in pool:
        free.put(copy)

    def one(breakage: Breakage) -> Outcome:
        copy = free.get()
        try:
            return attempt(copy, breakage)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(pool)) as executor:
        yield from executor.map(one, breakages)


def _end(run: Run) -> str:
    return run.output[-SHOWN:]
