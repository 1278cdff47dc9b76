"""The demo, as a user runs it."""

import os
import re
import subprocess

import pytest

from bridgekit.lab import registry
from bridgekit.lab.host import BRIDGEKIT
from tests.support import dockerd

pytestmark = pytest.mark.xdist_group("engines")

NAME = f"demo{os.getpid()}"


@pytest.fixture
def environment() -> dict[str, str]:
    """The caller's, with the cache that the other tests use."""
    return {**os.environ, "BRIDGEKIT_CACHE_DIR": str(dockerd.data_root().parent)}


def demo(environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Start the demo in a lab of this test's own name."""
    argv = (*BRIDGEKIT, "lab", "demo", "--name", NAME)
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def left_behind() -> list[str]:
    """Whatever is still there of the demo's lab."""
    names = subprocess.run(("ip", "netns"), capture_output=True, text=True, check=True).stdout
    return [name for name in (*registry.names(), *names.split()) if NAME in name]


@pytest.mark.all
def test_the_demo_says_what_happened_and_leaves_nothing(environment: dict[str, str]) -> None:
    with demo(environment) as running:
        said, _ = running.communicate(timeout=1200)
    assert running.returncode == 0, said
    token = re.search(r"bridgekit\.token=(\w+)", said)
    assert token
    assert re.search(rf"console: .*Kernel command line: .*{token[1]}", said)
    assert len(re.findall(r"packets lost: \d+; longest gap", said)) == 2
    assert "every file are as before" in said
    assert left_behind() == []


def test_an_interrupted_demo_leaves_nothing(environment: dict[str, str]) -> None:
    with demo(environment) as running:
        assert running.stdout
        while "== 1." not in running.stdout.readline():
            assert running.poll() is None
        running.terminate()
        running.communicate(timeout=240)
    assert running.returncode
    assert left_behind() == []
