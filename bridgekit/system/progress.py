"""Progress, a line at a time, for people."""

import sys
from collections.abc import Callable
from contextlib import suppress

from bridgekit.state.text import LINES, printable

Report = Callable[[str], None]


def report_to_stderr(line: str) -> None:
    """Print a line that cannot mix into a program's output, nor command the terminal.

    A terminal that is gone must not stop the work.
    """
    if sys.stderr is not None:  # None if the caller closed it
        with suppress(OSError):
            print(f"bridgekit: {printable(line, keep=LINES)}", file=sys.stderr, flush=True)
