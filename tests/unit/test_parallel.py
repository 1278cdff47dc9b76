"""Work for both families at the same time: nothing of it goes on, or is lost, when it ends."""

import subprocess
import threading
import time

import pytest

from bridgekit.netlink.parallel import run_all
from bridgekit.state.address import IPV4, IPV6
from tests.support.programs import program


def test_each_gets_its_own() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(family: int) -> int:
        both.wait()
        return family

    assert run_all(work) == (IPV4, IPV6)


@pytest.mark.parametrize("failing", [IPV4, IPV6])
def test_an_error_comes_when_both_have_ended(failing: int) -> None:
    ended = []

    def work(family: int) -> None:
        if family == failing:
            raise OSError(f"family {family}")
        time.sleep(0.1)
        ended.append(family)

    with pytest.raises(OSError, match=f"family {failing}"):
        run_all(work)
    assert ended == [IPV4 + IPV6 - failing]


def test_a_signal_comes_once_and_when_both_have_ended() -> None:
    """In a process of its own: a signal may go to any thread that does not block it."""
    done = subprocess.run(
        program("interrupted_run_all"), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["interrupted", "worked", "left"]
