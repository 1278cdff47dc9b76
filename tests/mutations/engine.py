"""Try breakages, one at a time in each copy, and tell what the tests made of them."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Literal

import pytest
from msgspec import Struct

from tests.mutations.breakage import Breakage, BreakageError
from tests.mutations.copy import Copy, Run, make

Verdict = Literal["killed", "survived", "no verdict"]
FAST_SECONDS: Final = 180
SECONDS: Final = 900
"""For the tests of one breakage; far more than they take, so that load does not decide."""
UNCHANGED_SECONDS: Final = 7200
SHOWN: Final = 1500
"""Characters of the end of a test run that did not go as it must."""


class Outcome(Struct, frozen=True):
    """What became of a breakage; `noticed` is the test that failed."""

    id: str
    room: str
    verdict: Verdict
    noticed: str
    seconds: float


@contextmanager
def copies(source: Path, number: int) -> Iterator[list[Copy]]:
    """Make copies of the tree, and remove them at the end with what their tests left."""
    folder = Path(tempfile.mkdtemp(prefix="mutate-"))
    try:
        yield [make(source, folder / str(one)) for one in range(number)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_unchanged(copy: Copy, breakages: Sequence[Breakage]) -> None:
    """See that all selections are green in an unchanged tree, so that red is the breakage's.

    Raises:
        BreakageError: One is not, or selects no test.
    """
    for fast in (True, False):
        tests = sorted({test for one in breakages if one.fast == fast for test in one.tests})
        run = copy.run(tests, UNCHANGED_SECONDS) if tests else None
        if run and run.code != pytest.ExitCode.OK:
            raise BreakageError(f"without a breakage the tests are not green:\n{_end(run)}")


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
