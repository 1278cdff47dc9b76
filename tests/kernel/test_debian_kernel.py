"""What this machine's kernel may lack, proven on Debian's own: tests/guest, run in a guest."""

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bridgekit.lab.host import PYTHON
from tests.support import guest

pytestmark = pytest.mark.xdist_group("guests")

AT_LEAST = 20
# Two NICs on one cable
NICS = [
    *("-netdev", "hubport,id=a,hubid=0", "-device", "vmxnet3,netdev=a,romfile="),
    *("-netdev", "hubport,id=b,hubid=0", "-device", "vmxnet3,netdev=b,romfile="),
]
INSIDE = "BRIDGEKIT_GUEST"
TIMEOUT = 2400


def collected() -> set[str]:
    """The tests that are there to be passed, as "module::name"."""
    argv = (*PYTHON, "-m", "pytest", "--collect-only", "-q", "tests/guest")
    done = subprocess.run(
        (*argv, "-p", "no:cacheprovider"),
        cwd=guest.ROOT,
        env={**os.environ, INSIDE: "yes"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (line for line in done.stdout.splitlines() if "::" in line)
    return {line.replace(".py::", "::").replace("/", ".") for line in lines}


def passed(report: Path) -> set[str]:
    cases = ElementTree.parse(report).iter("testcase")
    return {f"{case.get('classname')}::{case.get('name')}" for case in cases if not len(case)}


def in_guest(files: Sequence[Path], share: Path) -> guest.Result:
    share.mkdir()
    tests = ("python3", "-P", "-m", "pytest", "-vv", "-p", "no:cacheprovider")
    return guest.run(
        *("env", f"{INSIDE}=yes", *tests, "--junit-xml=/share/report.xml"),
        *(str(file.relative_to(guest.ROOT)) for file in files),
        share=share,
        timeout=TIMEOUT,
        devices=NICS,
    )


@pytest.mark.all
def test_every_test_passes_in_the_guest(tmp_path: Path) -> None:
    """In two guests at once; each more would boot, and compile the project, once more."""
    expected = collected()
    assert len(expected) >= AT_LEAST
    guest.disk()
    files = sorted((guest.ROOT / "tests/guest").glob("test_*.py"))
    halves = files[: len(files) // 2], files[len(files) // 2 :]
    shares = [tmp_path / half[0].stem for half in halves]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(in_guest, halves, shares))
    said = "\n".join(one.output for one in done)
    assert [one.code for one in done] == [0, 0], said
    assert set().union(*(passed(share / "report.xml") for share in shares)) == expected, said
