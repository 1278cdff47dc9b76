"""Progress on stderr, wherever that leads: a terminal, a full disk, nowhere."""

import subprocess

import pytest

from bridgekit.lab.host import PYTHON

PROGRAM = r"""
from bridgekit.system.progress import report_to_stderr
report_to_stderr("eth0\x1b[2J is\n a \u202eport")
print("done")
"""


def run(redirected: str) -> tuple[int, str, str]:
    """Return exit code, output and errors of the program with its stderr as the shell says."""
    argv = ("sh", "-c", f'"$@" {redirected}', "sh", *PYTHON, "-c", PROGRAM)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_nothing_commands_the_terminal() -> None:
    assert run("") == (0, "done\n", "bridgekit: eth0\\x1b[2J is\n a \\u202eport\n")


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", "2>/dev/null"])
def test_where_nobody_can_read_it_the_work_goes_on(redirected: str) -> None:
    assert run(redirected)[1:] == ("done\n", "")
