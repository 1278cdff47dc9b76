"""A person at a terminal: ENTER keeps, Ctrl-C undoes, the end of the input leaves it waiting."""

import json
import os
import pty
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bridgekit.lab import state_dump
from bridgekit.lab.host import BRIDGEKIT, Process
from bridgekit.lab.topology import Lab

CTRL_C = b"\x03"


@contextmanager
def terminal(lab: Lab, *arguments: str) -> Iterator[tuple[Process, int]]:
    """Run a verb in a session of its own; yield the process and the other side of its terminal.

    So Ctrl-C and a hangup reach it as the kernel sends them: with all that is in the session.
    """
    person, program = pty.openpty()
    ends = {"stdin": program, "stdout": program, "stderr": program}
    process = lab.popen("host", "setsid", "--ctty", *BRIDGEKIT, *arguments, **ends)
    os.close(program)
    try:
        yield process, person
    finally:
        process.kill()
        process.wait(10)
        with suppress(OSError):  # a test that hangs up has closed it
            os.close(person)


def read_until(person: int, words: str) -> str:
    shown = ""
    while words not in shown:
        shown += os.read(person, 4096).decode(errors="replace")
    return shown


def states(lab: Lab) -> list[str]:
    result = json.loads(lab.bridgekit("status", "--json").stdout)
    return [one["state"] for one in result["transactions"]]


def test_enter_keeps(lab: Lab) -> None:
    with terminal(lab, "apply", "eth0", "--yes", "--confirm-within", "60") as (process, person):
        read_until(person, "ENTER keeps it")
        os.write(person, b"\n")
        assert process.wait(30) == 0
    assert states(lab) == ["committed"]


def test_what_was_typed_before_the_question_is_no_answer(lab: Lab) -> None:
    with terminal(lab, "apply", "eth0", "--yes", "--confirm-within", "60") as (process, person):
        os.write(person, b"\n\n")
        read_until(person, "ENTER keeps it")
        assert states(lab) == ["pending"]
        os.write(person, b"\n")
        assert process.wait(30) == 0
    assert states(lab) == ["committed"]


def test_interrupts_at_the_countdown(lab: Lab) -> None:
    """However often: it is rolled back, and reported how it ended."""
    before = state_dump.dump(lab.hosts["host"])
    with terminal(lab, "apply", "eth0", "--yes", "--confirm-within", "60") as (process, person):
        read_until(person, "ENTER keeps it")
        for _ in range(20):
            os.write(person, CTRL_C)
            time.sleep(0.01)
        assert "as before" in read_until(person, "as before")
        assert process.wait(30) == 4
    assert before.difference(state_dump.dump(lab.hosts["host"])) == []


def test_interrupt_rolls_back(lab: Lab) -> None:
    before = state_dump.dump(lab.hosts["host"])
    with terminal(lab, "apply", "eth0", "--yes", "--confirm-within", "60") as (process, person):
        read_until(person, "ENTER keeps it")
        os.write(person, CTRL_C)
        assert process.wait(30) == 4
    assert before.difference(state_dump.dump(lab.hosts["host"])) == []


def test_the_end_of_the_input_decides_nothing(lab: Lab) -> None:
    with terminal(lab, "apply", "eth0", "--yes", "--confirm-within", "60") as (process, person):
        read_until(person, "ENTER keeps it")
        os.write(person, b"\x04")
        assert "still waits" in read_until(person, "still waits")
        assert process.wait(30) == 0
    assert states(lab) == ["pending"]
    assert lab.bridgekit("rollback").code == 0


def test_a_terminal_that_is_gone_decides_nothing(lab: Lab) -> None:
    """The session is lost; the change goes on waiting, and a new session keeps it.

    The signal comes first, or the error (EIO) of a write to the terminal.
    """
    with terminal(lab, "apply", "eth0", "--yes", "--confirm-within", "60") as (process, person):
        read_until(person, "ENTER keeps it")
        os.close(person)
        assert process.wait(30) in (-signal.SIGHUP, 1)
    (waiting,) = json.loads(lab.bridgekit("status", "--json").stdout)["transactions"]
    assert (waiting["state"], waiting["guarded"]) == ("pending", True)
    assert lab.bridgekit("confirm").code == 0


def test_the_guard_is_in_a_session_of_its_own_and_heeds_no_signal(lab: Lab) -> None:
    """ps(1) tells its session; after the signals it is at its post."""
    with terminal(lab, "apply", "eth0", "--yes", "--confirm-within", "600") as (process, person):
        read_until(person, "ENTER keeps it")
        guard = lab.run("host", "pgrep", "-f", "bridgekit guard").stdout.split()
        sessions = [
            lab.run("host", "ps", "-o", "sid=", "-p", one).stdout.strip()
            for one in (*guard, lab.run("host", "pgrep", "-f", "bridgekit apply").stdout.split()[0])
        ]
        assert len(guard) == 1 and len(set(sessions)) == 2, sessions
        for number in ("HUP", "INT", "TERM", "PIPE"):
            lab.run("host", "kill", f"-{number}", *guard)
        (waiting,) = json.loads(lab.bridgekit("status", "--json").stdout)["transactions"]
        assert (waiting["state"], waiting["guarded"]) == ("pending", True)
        assert lab.run("host", "pgrep", "-f", "bridgekit guard").stdout.split() == guard
        os.write(person, b"\n")
        assert process.wait(30) == 0


def test_a_second_interrupt_changes_nothing(lab: Lab) -> None:
    """Ctrl-C again and again while it undoes, and looks whether all answers: it goes on."""
    before = state_dump.dump(lab.hosts["host"])
    probe = "cmd:sh -c 'test ! -e /sys/class/net/br0 || exec sleep 60; exec sleep 1'"
    with terminal(lab, "apply", "eth0", "--yes", "--probe", probe) as (process, person):
        read_until(person, "looking at the result")
        os.write(person, CTRL_C)
        lab.run("host", "sh", "-c", "while test -e /sys/class/net/br0; do :; done")
        for _ in range(3):
            os.write(person, CTRL_C)
        assert "as reachable as before" in read_until(person, "as reachable as before")
        assert process.wait(30) == 4
    assert before.difference(state_dump.dump(lab.hosts["host"])) == []


def test_a_silent_probe_is_reported_when_it_is_rolled_back(lab: Lab) -> None:
    before = state_dump.dump(lab.hosts["host"])
    with terminal(lab, "apply", "eth0", "--yes", "--confirm-within", "2") as (process, person):
        read_until(person, "not confirmed in time")
        assert before.difference(state_dump.dump(lab.hosts["host"])) == []
        assert process.wait(30) == 4


def test_no_is_no(lab: Lab) -> None:
    before = state_dump.dump(lab.hosts["host"])
    with terminal(lab, "apply", "eth0") as (process, person):
        assert "ip link set eth0 master br0" in read_until(person, "Apply this plan?")
        os.write(person, b"n\n")
        assert process.wait(30) == 3
    assert before.difference(state_dump.dump(lab.hosts["host"])) == []
