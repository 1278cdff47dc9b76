"""Changes as the command line makes them: held, failing, decided, waited for."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bridgekit.lab.host import BRIDGEKIT, Process
from bridgekit.lab.topology import Lab
from tests.support.programs import program

APPLY = ("apply", "eth0", "--yes")
WAIT = (*APPLY, "--json", "--confirm-within", "60")
KILL_GUARDS = program("guards", "kill")
HOLD = "cmd:sh -c 'test ! -e /sys/class/net/br0 || sleep 60'"
"""A probe that answers before the change and keeps it waiting after."""


@contextmanager
def held(lab: Lab) -> Iterator[Process]:
    """Run an apply that has begun to change the host and is not verified; end it at last."""
    monitor = lab.popen("host", "ip", "monitor", "link", stdout=subprocess.PIPE, text=True)
    command = ("apply", "eth0", "--yes", "--probe", HOLD)
    process = lab.popen("host", *BRIDGEKIT, *command)
    try:
        assert monitor.stdout
        assert any("br0" in line for line in monitor.stdout)
        yield process
    finally:
        for one in (process, monitor):
            one.kill()
            one.wait(10)


def last_id(lab: Lab) -> str:
    found = json.loads(lab.bridgekit("status", "--json").stdout)["transactions"]
    return str(found[-1]["id"])


def wait_for_state(lab: Lab, wanted_id: str, wanted: str) -> None:
    """A connection to the guard ends when the guard does."""
    lab.run("host", *program("guards", wanted_id))
    found = json.loads(lab.bridgekit("status", "--json").stdout)["transactions"]
    assert [one["state"] for one in found if one["id"] == wanted_id] == [wanted]


def run_failing(lab: Lab, step: int, moment: str, *command: str) -> int:
    """Run a verb whose operation fails before, or after, its effect; return the exit code."""
    argv = program("faults", "fail", str(step), moment, *command)
    return lab.run("host", *argv, check=False).code


def steps(lab: Lab) -> int:
    """Return how many operations the plan has."""
    return len(json.loads(lab.bridgekit("plan", "eth0", "--json").stdout)["operations"])
