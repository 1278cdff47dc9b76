"""A signal before a change is decided means "undo"; from then on none stops the work."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from bridgekit.errors import RolledBackError

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SignalError(RolledBackError):
    """Someone wants this process to end."""


def _raise(number: int, _: FrameType | None) -> None:
    block()
    raise SignalError(f"interrupted by {signal.Signals(number).name}")


def block() -> None:
    """Let signals that would end the process wait until the enclosing `raised` or `deferred`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


@contextlib.contextmanager
def raise_on_signal(*numbers: signal.Signals) -> Iterator[None]:
    """Within, the first of these signals (all that end a process) raises Interrupted.

    Those that come later change nothing any more, and Ctrl-Z neither.
    """
    before = {number: signal.signal(number, _raise) for number in numbers or ENDING}
    before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # which drops what waits
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def defer() -> Iterator[None]:
    """Within, such signals wait."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
