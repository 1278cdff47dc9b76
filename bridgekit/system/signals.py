"""Signals that end a process: before a change is decided one means rollback, later none does."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from bridgekit.errors import RolledBackError

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPING = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
"""Those of a terminal (Ctrl-Z) that stop a process."""


class SignalError(RolledBackError):
    """A signal asks this process to end."""


class _SignalDeliveredError(BaseException):
    """A signal has come: nothing on the way that expects a failure may take it for one."""


def _raise(number: int, _: FrameType | None) -> None:
    block()
    raise _SignalDeliveredError(f"interrupted by {signal.Signals(number).name}")


def block() -> None:
    """Block these signals until the end of the enclosing `raise_on_signal` or `defer`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


@contextlib.contextmanager
def raise_on_signal(*numbers: signal.Signals) -> Iterator[None]:
    """Raise SignalError within at the first of these signals, without any: of ENDING.

    Later ones are dropped, and Ctrl-Z is ignored.
    """
    before = {number: signal.signal(number, _raise) for number in numbers or ENDING}
    before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    except _SignalDeliveredError as error:
        raise SignalError(str(error)) from None
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # which drops what waits
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within a blocked part of `raise_on_signal`, let a signal raise here."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    try:
        yield
    finally:
        block()


@contextlib.contextmanager
def defer() -> Iterator[None]:
    """Block these signals, and those that stop a process, within; they come at its end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING + STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
