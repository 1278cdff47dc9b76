"""A signal before the change is verified means "undo"; while undoing, none interrupts."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from bridgekit.errors import BridgekitError

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BridgekitError):
    """Someone wants this process to end."""


def _raise(number: int, _: FrameType | None) -> None:
    raise Interrupted(f"interrupted by {signal.Signals(number).name}")


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Within, a signal that would end the process raises Interrupted, and Ctrl-Z does nothing."""
    before = {number: signal.signal(number, _raise) for number in ENDING}
    before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Within, such signals wait."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
