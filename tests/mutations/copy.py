"""A private copy of the tree, in which a breakage is tried; the working tree is never changed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.mutations.breakage import Breakage

FILES: Final = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
PYTEST: Final = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
GRACE: Final = 30
"""Seconds for a test run that is interrupted to remove what it made."""
OTHER_RUNS: Final = ("PYTEST_", "PYTHON", "HYPOTHESIS_")
"""Settings of the run that this one is part of."""

_times = count(int(time.time()))


class Run(Struct, frozen=True):
    """How a selection of tests ended; `code` is pytest's, or None if its time was over."""

    code: int | None
    output: str
    seconds: float

    @property
    def noticed(self) -> str:
        """Return the first test that failed."""
        lines = (
            line for line in self.output.splitlines() if line.startswith(("FAILED ", "ERROR "))
        )
        return next(lines, "").partition(" ")[2].partition(" - ")[0]


class Copy(Struct, frozen=True):
    """A copy of the tree in `root`, and beside it what its tests leave."""

    root: Path

    @contextmanager
    def broken(self, breakage: Breakage) -> Iterator[None]:
        """Apply a breakage for as long as the block lasts."""
        path = self.root / breakage.file
        text = path.read_text()
        _write(path, breakage.broken(text))
        try:
            yield
        finally:
            _write(path, text)

    def run(self, tests: Sequence[str], seconds: float) -> Run:
        """Run these tests in this copy, up to the first that fails."""
        begun = time.monotonic()
        argv = (sys.executable, "-P", *PYTEST, f"--basetemp={self.root}.tmp", *tests)
        process = subprocess.Popen(
            argv,
            cwd=self.root,
            env=self._environment(),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        output, in_time = _ended(process, seconds)
        return Run(process.returncode if in_time else None, output, time.monotonic() - begun)

    def _environment(self) -> dict[str, str]:
        """PYTHONPATH goes before what is installed, which may be the working tree."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(OTHER_RUNS)}
        examples = f"{self.root}.hypothesis"
        return {**kept, "PYTHONPATH": str(self.root), "HYPOTHESIS_STORAGE_DIRECTORY": examples}


def make(source: Path, root: Path) -> Copy:
    """Copy what git knows or would add, links as links."""
    listed = subprocess.run(FILES, cwd=source, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        with suppress(FileNotFoundError):  # deleted, and not yet in the index
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, root / name, follow_symlinks=False)
    return Copy(root)


def _write(path: Path, text: str) -> None:
    """Give each text a second of its own: a .pyc is valid for its source's time and size."""
    path.write_text(text)
    stamp = next(_times)
    os.utime(path, (stamp, stamp))


def _ended(process: subprocess.Popen[str], seconds: float) -> tuple[str, bool]:
    """Return the output, and whether it ended by itself in this time."""
    try:
        return process.communicate(timeout=seconds)[0], True
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGINT)
    try:
        return process.communicate(timeout=GRACE)[0], False
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()
        return "", False
    finally:
        if process.stdout:
            process.stdout.close()


def _signal(process: subprocess.Popen[str], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
