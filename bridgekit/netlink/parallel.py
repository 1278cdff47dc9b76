"""The two families at the same time: the kernel keeps their routes apart, under locks of their own.

What takes long is the kernel's work, for which Python waits without its lock.
"""

import signal
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

from bridgekit.state.address import IPV4, IPV6

Result = TypeVar("Result")
SIGNALS = signal.valid_signals()


def run_all(work: Callable[[int], Result]) -> tuple[Result, Result]:
    """Run the work for IPv4 and for IPv6 at the same time; return both results.

    Raise IPv4's error, or else IPv6's. Whatever happens, both have ended when this returns.
    """
    done: list[Result] = []
    failed: list[Exception] = []

    def other() -> None:
        try:
            done.append(work(IPV4))
        except Exception as error:
            failed.append(error)

    thread = Thread(target=other)
    # no signal interrupts the other thread: they are for this one, which waits for it
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    thread.start()
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        mine = work(IPV6)
        thread.join()
    finally:
        thread.join()  # again, for the first time may have ended with a signal
    if failed:
        raise failed[0]
    return done[0], mine
