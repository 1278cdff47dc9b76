"""What `plan` finds, and programs in the host that give it something to find."""

import json
import subprocess

from bridgekit.lab.host import Process
from bridgekit.lab.topology import Lab
from tests.support.programs import program

Found = dict[str, tuple[str, str]]


def plan(lab: Lab, *options: str) -> tuple[int, Found]:
    """The exit code, and each finding's level and message by its code.

    Not that the host has not what its file says: most labs here have the file of another host.
    """
    result = lab.bridgekit("plan", *(options or ("eth0",)), "--json")
    findings = json.loads(result.stdout)["findings"]
    found = {one["code"]: (one["level"], one["message"]) for one in findings}
    found.pop("file-differs", None)
    return result.code, found


def start(lab: Lab, name: str, *arguments: str) -> Process:
    """Run one of tests/programs in the host until its input ends."""
    pipe = subprocess.PIPE
    argv = program(name, *arguments)
    process = lab.popen("host", *argv, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process
