"""Run work for both families with `run_all`, and interrupt it with a signal."""

import os
import signal
import threading
import time
from types import FrameType

from bridgekit.netlink.parallel import run_all
from bridgekit.state.address import IPV4

heard = threading.Event()


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise, once."""
    print("interrupted")
    heard.set()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    raise InterruptedError


def work(family: int) -> None:
    """Send the signal; IPv4's work goes on for a moment after it was handled."""
    os.kill(os.getpid(), signal.SIGUSR1)
    if family == IPV4:
        assert heard.wait(60)
        time.sleep(0.1)
        print("worked")


signal.signal(signal.SIGUSR1, interrupt)
try:
    run_all(work)
except InterruptedError:
    print("left")
