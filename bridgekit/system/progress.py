"""Progress, a line at a time, for people."""

import sys
from collections.abc import Callable

Say = Callable[[str], None]


def to_stderr(line: str) -> None:
    """Say it where it can't mix into a program's output."""
    print(f"bridgekit: {line}", file=sys.stderr, flush=True)
