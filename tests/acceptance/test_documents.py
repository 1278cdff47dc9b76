"""Every command that the documents tell a user to type is run, here or where ELSEWHERE says."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab

pytestmark = pytest.mark.xdist_group("engines")

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = {
    "script/demo": "acceptance/test_demo.py",
    "script/test": "this very run",
    "apt install": "script/setup installs the same packages",
    "python3 -m venv": "acceptance/test_wheel.py",
    "/opt/bridgekit/bin/pip install .": "acceptance/test_wheel.py",
    "ln -s": "nothing of ours",
    "python benchmarks/transition_time.py": "acceptance/test_benchmarks.py",
    "python benchmarks/outage.py": "acceptance/test_benchmarks.py",
    "python benchmarks/scale.py": "acceptance/test_benchmarks.py",
    "bridgekit pxe page br0": "netns/test_page.py",
    "docker build -t pxe .": "netns/test_docker.py",
    "PXECID=$(docker run --cap-add NET_ADMIN -d pxe)": "netns/test_docker.py",
    "bridgekit attach br0 $PXECID 192.168.242.1/24": "netns/test_docker.py",
}
PREPARED_ENGINE = ("--pxe-engine", "native")
"""The lab has no way to the package archive, so the service's files are made beforehand."""


def commands(document: Path) -> Iterator[str]:
    for block in BLOCK.findall(document.read_text()):
        lines = block.replace("\\\n", "").splitlines()
        yield from (line.split("  #")[0].strip() for line in lines if line.strip())


def documented() -> list[str]:
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [command for document in documents for command in commands(document)]


def test_every_command_of_the_documents_works(lab: Lab) -> None:
    cache = os.environ.get("BRIDGEKIT_CACHE_DIR", str(ROOT / ".cache"))
    environment = {"BRIDGEKIT_CACHE_DIR": cache}
    before = lab.read_interfaces()
    for command in documented():
        if any(command.startswith(known) for known in ELSEWHERE):
            continue
        words = shlex.split(command)
        assert words[0] == "bridgekit", f"no test runs {command!r}"
        more = PREPARED_ENGINE if "--with-pxe" in words else ()
        done = lab.bridgekit(*words[1:], *more, env=environment, timeout=120)
        assert done.code == 0, (command, done)
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == before


def test_help_of_every_verb_has_an_example_or_a_sentence(lab: Lab) -> None:
    verbs = lab.run("host", *BRIDGEKIT, "--help").stdout
    names = re.findall(r"^  (\w+)  ", verbs, re.MULTILINE)
    assert len(names) == 12
    for name in names:
        shown = lab.bridgekit(name, "--help")
        assert shown.code == 0 and "Usage" in shown.stdout, shown
