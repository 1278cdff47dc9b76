"""Somebody else changes the host while a change runs: all is done, or all is as before."""

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bridgekit.lab import state_dump
from bridgekit.lab.host import Process
from bridgekit.lab.topology import Lab
from tests.support import faults
from tests.support.programs import program
from tests.support.transactions import APPLY


@contextmanager
def halted(lab: Lab, step: int, *command: str) -> Iterator[Process]:
    """A command that stops before a step, and goes on when the block ends."""
    pipe = subprocess.PIPE
    argv = program("faults", "halt", str(step), *command)
    process = lab.popen("host", *argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout and process.stdout.readline() == "now\n"
    yield process
    process.result = process.communicate("\n", timeout=240)[1]  # type: ignore[attr-defined]


def steps(lab: Lab) -> list[str]:
    """The kinds of the operations, in order."""
    plan = json.loads(lab.bridgekit("plan", "eth0", "--json").stdout)
    return [one["kind"] for one in plan["operations"]]


Meddling = Callable[[Lab], None]


def ip(line: str) -> Meddling:
    return lambda lab: lab.ip("host", line)


MEDDLING: dict[str, Meddling] = {
    "a route is deleted": ip("route delete 198.51.100.0/24"),
    "the bridge is deleted": ip("link delete br0"),
    "the cable is pulled": lambda lab: lab.unplug(),
    "the MTU is changed": ip("link set eth0 mtu 1300"),
    "a port joins": lambda lab: lab.ip(
        *("host", "link add tap9 type veth peer name tap8", "link set tap8 up"),
        "link set tap9 up master br0",
    ),
}
MENDED = {
    "the MTU is changed": "link set eth0 mtu 1500",
    "a port joins": "link set tap9 nomaster",
}
"""What ends it, as far as it hinders the comparison or the rollback."""


SLOW = ("the cable is pulled", "AddAddresses"), ("the cable is pulled", "ReplaceRoutes")
"""Silence is waited for."""
PAIRS = [
    pytest.param(what, kind, marks=[pytest.mark.all] if (what, kind) in SLOW else [])
    for what in MEDDLING
    for kind in ("AddAddresses", "SetController", "ReplaceRoutes")
]


@pytest.mark.parametrize(("what", "kind"), PAIRS)
def test_it_is_done_or_as_before(lab: Lab, what: str, kind: str) -> None:
    """As before is what the other one made of it; of that nothing is taken away."""
    old = faults.seen(lab)
    step = 1 + steps(lab).index(kind)
    with halted(lab, step, *APPLY) as process:
        MEDDLING[what](lab)
    faults.guard_ends(lab)
    if what == "a port joins":
        ports = lab.run("host", "ip", "link", "show", "master", "br0", check=False).stdout
        assert ("tap9" in ports) == (process.returncode == 0), ports
    if what in MENDED:
        lab.ip("host", MENDED[what])
    result = process.result  # type: ignore[attr-defined]
    assert "Traceback" not in result
    lab.plug()
    state = faults.transactions(lab)[-1]
    if process.returncode == 0:
        assert state == "committed"
        assert lab.bridgekit("rollback").code == 0
    else:
        assert (process.returncode, state) == (4, "rolled-back"), result
    assert changes(old, faults.seen(lab)) == []


def test_what_differs_is_printed_as_commands(lab: Lab) -> None:
    """Another NIC that something sets down is left so; the commands bring its routes back later.

    What they cannot tell is which of two competing routes is first; and an address that they add
    has no duplicate detection.
    """
    old = faults.seen(lab)
    step = 1 + steps(lab).index("ReplaceRoutes")
    with halted(lab, step, *APPLY) as process:
        lab.ip("host", "link set eth1 down")
    result = process.result  # type: ignore[attr-defined]
    assert process.returncode == 5
    assert "state UP" not in lab.run("host", "ip", "link", "show", "eth1").stdout
    lab.ip("host", "link set eth1 up")
    for line in result.partition("to repair it by hand:\n")[2].splitlines():
        lab.run("host", *shlex.split(line), check=False)  # some come by themselves meanwhile
    lab.hosts["host"].settle()
    seen = (line.replace('"nodad": true, ', "") for line in faults.seen(lab).lines)
    assert sorted(seen) == sorted(old.lines)


def test_a_second_apply_is_asked_to_wait(lab: Lab) -> None:
    old = faults.seen(lab)
    with halted(lab, 5, *APPLY) as process:
        for command in (APPLY, ("apply", "eth1", "--yes", "--bridge", "br1")):
            result = lab.bridgekit(*command)
            assert result.code == 6 and "is changing" in result.stderr, result
    assert process.returncode == 0
    assert lab.bridgekit("rollback").code == 0
    assert old.difference(faults.seen(lab)) == []


def changes(old: state_dump.StateDump, new: state_dump.StateDump) -> list[str]:
    """What differs, but for what the other one did."""
    found = old.difference(new)
    theirs = ("198.51.100.0/24", '"tap8"', '"tap9"', "/tap8/", "/tap9/", "fe80")
    return [line for line in found if not any(word in line for word in theirs)]
