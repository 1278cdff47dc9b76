"""The journal is spoiled, or gone, while its change waits or is at work: the guard still acts."""

import subprocess

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support.programs import program
from tests.support.state import state

SPOILED = {
    "empty": ": > journal",
    "a byte turned": "truncate -s -3 journal && echo x} >> journal",
    "a folder": "mv journal aside && mkdir journal",
    "gone": "rm journal",
    "all gone": "rm -r ../../bridgekit",
}
PROBE = "cmd:sh -c 'test ! -e /sys/class/net/br0 || { cat /run/go; }'"
"""Answers before; afterwards only when someone has written there."""


def spoil(lab: Lab, how: str) -> None:
    lab.run("host", "sh", "-c", f"cd /var/lib/bridgekit/*-*/ && {SPOILED[how]}")


@pytest.mark.parametrize("how", SPOILED)
def test_the_time_of_a_change_runs_out(lab: Lab, how: str) -> None:
    before = state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes", "--confirm-within", "3").code == 0
    waiting = lab.popen("host", *program("guards"), stdout=subprocess.PIPE, text=True)
    assert waiting.stdout and waiting.stdout.readline() == "there\n"
    spoil(lab, how)
    waiting.wait(60)
    assert before.difference(state(lab)) == []


@pytest.mark.parametrize(("how", "code"), [("a folder", 5), ("empty", 4)])
def test_a_change_that_fails_is_rolled_back(lab: Lab, how: str, code: int) -> None:
    """5 where the journal cannot say that it was rolled back."""
    before = state(lab)
    lab.run("host", "mkfifo", "/run/go")
    argv = (*BRIDGEKIT, "apply", "eth0", "--yes", "--probe", PROBE)
    process = lab.popen("host", *argv, stderr=subprocess.PIPE, text=True)
    assert process.stderr and any("looking at the result" in line for line in process.stderr)
    spoil(lab, how)
    process.terminate()
    assert process.wait(60) == code
    assert before.difference(state(lab)) == []
