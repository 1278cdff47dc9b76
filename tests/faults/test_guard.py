"""A guard that is stopped, late or fought: the deadline holds, and no order outlives its caller."""

import time
from pathlib import Path

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support import faults
from tests.support.programs import program
from tests.support.state import state

IN_TIME = 30
"""Seconds that a verb may take, whatever is stopped."""
BRIEFLY = ("apply", "eth0", "--yes", "--confirm-within", "5")
LONG = ("apply", "eth0", "--yes", "--confirm-within", "600")


def apply(lab: Lab, words: tuple[str, ...] = LONG) -> None:
    assert lab.bridgekit(*words).code == 0


def send_guards(lab: Lab, signal: str) -> None:
    lab.run("host", *program("guards", signal))


def in_time(lab: Lab, *words: str) -> tuple[int, str]:
    begun = time.monotonic()
    result = lab.bridgekit(*words)
    assert time.monotonic() - begun < IN_TIME, result
    return result.code, result.stdout + result.stderr


def ports(lab: Lab) -> str:
    return lab.run("host", "bridge", "link").stdout


def interfaces(lab: Lab) -> str:
    return lab.read_interfaces()


def wait_for_deadline(lab: Lab) -> None:
    """Wait until nothing is left of the time, by what `status` says."""
    while "0 s" not in lab.bridgekit("status").stdout:
        time.sleep(0.2)


@pytest.mark.parametrize(("verb", "code"), [("confirm", 0), ("rollback", 0), ("recover", 0)])
def test_a_stopped_guard_is_not_waited_for(lab: Lab, verb: str, code: int) -> None:
    before, file = state(lab), interfaces(lab)
    apply(lab)
    send_guards(lab, "stop")
    assert in_time(lab, "status")[0] == 0
    found, output = in_time(lab, verb)
    assert found == code, output
    send_guards(lab, "cont")
    faults.guard_ends(lab)
    if verb == "confirm":
        assert "master br0" in ports(lab) and interfaces(lab) != file
    else:
        assert before.difference(state(lab)) == [] and interfaces(lab) == file


@pytest.mark.parametrize(("verb", "code"), [("confirm", 4), ("rollback", 0), ("recover", 0)])
def test_past_the_deadline_whoever_comes_rolls_back(lab: Lab, verb: str, code: int) -> None:
    before, file = state(lab), interfaces(lab)
    apply(lab, BRIEFLY)
    send_guards(lab, "stop")
    wait_for_deadline(lab)
    found, output = in_time(lab, verb)
    assert found == code, output
    assert before.difference(state(lab)) == []
    send_guards(lab, "cont")
    faults.guard_ends(lab)
    assert before.difference(state(lab)) == [] and interfaces(lab) == file


def give_up_confirm(lab: Lab) -> None:
    """Begin a confirm while the guard is stopped; kill it when its order has been sent."""
    strace = ("strace", "-e", "trace=sendto", "-o", "/run/sent")
    process = lab.popen("host", *strace, *BRIDGEKIT, "confirm")
    while "confirm" not in lab.run("host", "cat", "/run/sent", check=False).stdout:
        time.sleep(0.02)
    lab.run("host", "pkill", "-KILL", "-f", "bridgekit confirm")
    process.wait(10)


def test_a_confirm_that_was_given_up_never_commits(lab: Lab) -> None:
    before, file = state(lab), interfaces(lab)
    apply(lab)
    send_guards(lab, "stop")
    give_up_confirm(lab)
    send_guards(lab, "cont")
    assert in_time(lab, "rollback")[0] == 0
    assert before.difference(state(lab)) == [] and interfaces(lab) == file
    assert faults.transactions(lab) == ["rolled-back"]  # not committed, and then rolled back


def test_a_full_queue_of_a_stopped_guard_stops_nobody(lab: Lab) -> None:
    apply(lab)
    send_guards(lab, "stop")
    lab.run("host", *program("fill_queue"))
    assert in_time(lab, "status")[0] == 0
    assert in_time(lab, "confirm")[0] == 0
    assert "master br0" in ports(lab)


def test_recover_leaves_a_change_to_a_guard_that_moves(lab: Lab) -> None:
    apply(lab)
    code, output = in_time(lab, "recover")
    assert code == 6 and "its guard decides" in output
    assert "master br0" in ports(lab)
    assert in_time(lab, "confirm")[0] == 0


def test_confirm_keeps_only_what_is_still_there(lab: Lab) -> None:
    """What is missing is named, and the change goes on waiting; what others added is theirs."""
    file = interfaces(lab)
    apply(lab)
    lab.ip("host", "route add 203.0.113.0/24 via 192.168.1.1 dev br0")
    lab.ip("host", "link set br0 mtu 1400")
    code, output = in_time(lab, "confirm")
    assert code == 3 and "link br0: mtu 1500 became 1400" in output and "still waits" in output
    assert "203.0.113.0" not in output and interfaces(lab) == file
    lab.ip("host", "link set br0 mtu 1500")
    assert in_time(lab, "confirm")[0] == 0
    assert interfaces(lab) != file


def test_an_executor_that_hangs_is_ended_after_its_time(lab: Lab, tmp_path: Path) -> None:
    """It is stopped in the middle of the change; nobody calls a verb."""
    before = state(lab)
    guard = tmp_path / "guard"
    guard.write_text(f'#!/bin/sh\nexec {" ".join(program("impatient_guard"))} "$@"\n')
    guard.chmod(0o700)
    words = program("executor", str(guard), *LONG)
    stop = ("strace", "-o", "/run/trace", "-e", "inject=sendto:signal=SIGSTOP:when=40")
    process = lab.popen("host", *stop, *words)
    assert process.wait(120) != 0
    faults.guard_ends(lab)
    assert before.difference(state(lab)) == []
