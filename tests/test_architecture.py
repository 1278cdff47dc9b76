"""The arrows between the rooms: who may import whom. See CONTRIBUTING.md for the map."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridgekit.cli import HIDDEN
from bridgekit.cli import VERBS as SHOWN
from bridgekit.lab.host import PYTHON

PACKAGE = Path(__file__).parent.parent / "bridgekit"
PURE = ("uapi", "state", "planning", "persistence")
MACHINE = {"os", "subprocess", "socket", "pathlib", "shutil", "pyroute2", "glob", "tempfile"}
ROOMS = {
    "errors": set(),
    "uapi": {"uapi"},
    "state": {"state", "uapi"},
    "planning": {"planning", "state", "uapi", "errors"},
    "persistence": {"persistence", "state", "uapi", "errors"},
    "system": {"system", "errors"},
    "netlink": {"netlink", "state", "uapi", "errors"},
    "host": {"host", "netlink", "system", "state", "uapi", "planning.operations", "errors"},
    "transaction": {"transaction", "host", "netlink", "system", "planning", "state", "errors"},
    "application": {"application", "transaction", "host", "planning", "state", "uapi"}
    | {"persistence", "pxe", "attach", "system", "errors"},
    "attach": {"attach", "host", "netlink", "system", "state", "errors", "pxe"},
    "pxe": {
        "pxe",
        "attach",
        "bootserver",
        "host",
        "netlink",
        "system",
        "state",
        "planning.findings",
        "errors",
        "assets",
    },
    "bootserver": {"bootserver"},
    "lab": {"lab", "host", "errors", "netlink", "system"},
    "report": {"application", "planning", "state"},
}


def modules() -> list[Path]:
    """Return every module; rglob does not follow the link of bootserver."""
    return sorted([*PACKAGE.rglob("*.py"), *(PACKAGE / "bootserver").rglob("*.py")])


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports(path: Path) -> None:
    found = list(imports(path))
    inside = [name.removeprefix("bridgekit.") for name in found if name.startswith("bridgekit.")]
    place = path.relative_to(PACKAGE)
    program = path.name == "__main__.py"  # run by itself and imported by nobody
    if room(path) in ROOMS and not program:
        allowed = ROOMS[room(path)]
        wrong = [n for n in inside if not any(n == a or n.startswith(a + ".") for a in allowed)]
        assert wrong == []
    if room(path) in PURE and not program:
        assert MACHINE.isdisjoint(name.split(".")[0] for name in found)
    if place.parts[0] != "netlink":
        assert not any(name.startswith("pyroute2") for name in found)
    if room(path) not in ("cli", "__main__"):
        assert not any(name == "cli" or name.startswith("cli.") for name in inside)


def test_no_shell() -> None:
    for path in modules():
        text = path.read_text()
        assert "shell=True" not in text and "os.system" not in text, path


VERBS = {verb: module for verb, (module, _) in (SHOWN | HIDDEN).items()}
SLOW = ("asyncio", "http", "jinja2", "netaddr", "pyroute2", "sqlite3", "ssl", "urllib.request")


@pytest.mark.parametrize("verb", ["plan", "apply", "confirm", "rollback", "status", "guard"])
def test_what_is_not_needed_is_not_imported(verb: str) -> None:
    """A verb starts in a tenth of a second; each of these takes that alone, or nearly."""
    program = f"import sys, {VERBS[verb]}; print(*sys.modules)"
    done = subprocess.run((*PYTHON, "-c", program), capture_output=True, check=True)
    found = set(done.stdout.decode().split())
    assert sorted(found.intersection((*SLOW, "bridgekit.pxe.lifecycle"))) == []
