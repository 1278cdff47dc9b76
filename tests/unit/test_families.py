"""Work for both families at the same time: nothing of it goes on, or is lost, when it ends."""

import os
import signal
import threading
import time
from types import FrameType

import pytest

from bridgekit.host.netlink.families import at_once
from bridgekit.model.addresses import IPV4, IPV6


def test_each_gets_its_own() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(family: int) -> int:
        both.wait()
        return family

    assert at_once(work) == (IPV4, IPV6)


@pytest.mark.parametrize("failing", [IPV4, IPV6])
def test_an_error_comes_when_both_have_ended(failing: int) -> None:
    ended = []

    def work(family: int) -> None:
        if family == failing:
            raise OSError(f"family {family}")
        time.sleep(0.1)
        ended.append(family)

    with pytest.raises(OSError, match=f"family {failing}"):
        at_once(work)
    assert ended == [IPV4 + IPV6 - failing]


def test_a_signal_comes_once_and_when_both_have_ended() -> None:
    ended: list[str] = []
    heard = threading.Event()

    def interrupt(_: int, __: FrameType | None) -> None:
        ended.append("interrupted")
        heard.set()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        raise InterruptedError

    def work(family: int) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        if family == IPV4:
            assert heard.wait(10)
            time.sleep(0.1)
            ended.append("worked")

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(InterruptedError):
            at_once(work)
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # drops what waits
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
        signal.signal(signal.SIGUSR1, before)
    assert ended == ["interrupted", "worked"]
