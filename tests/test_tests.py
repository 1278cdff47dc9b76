"""What holds for the tests, the labs and the benchmarks themselves."""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bridgekit.lab.host import PYTHON

CHECKOUT = Path(__file__).parent.parent
ROOMS = ("tests", "benchmarks", "bridgekit/lab")
MODULES = sorted(path for room in ROOMS for path in (CHECKOUT / room).rglob("*.py"))


def side_by_side(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each element of a tuple, list or call with the one that follows it, as source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Call):
            words = node.args if isinstance(node, ast.Call) else node.elts
            yield from pairwise(ast.unparse(word) for word in words)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_no_python_imports_from_the_working_directory(path: Path) -> None:
    """A directory named bridgekit there would take the place of the code under test.

    A script has its own directory in front instead: `str(...)` names one.
    """
    for python, following in side_by_side(ast.parse(path.read_text())):
        if python in ("sys.executable", "'python3'"):
            assert following in ("'-P'", "'-I'") or following.startswith("str("), following


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the full name of every module or name that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_no_test_module_is_imported(path: Path) -> None:
    """What several need stands in tests/builders.py or tests/support."""
    names = imported(ast.parse(path.read_text()))
    assert [name for name in names if re.match(r"tests\.(.+\.)?test_", name)] == []


def hides_a_text(test: ast.expr) -> bool:
    """Tell whether what failed would be a pair like (3, False), without the text looked in."""
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Tuple):
        return False
    return any(
        isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.In | ast.NotIn)
        for one in test.left.elts
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_failed_assertion_shows_the_text(path: Path) -> None:
    """Not `assert (code, word in text) == (3, True)`; that needs a message with the text."""
    tree = ast.parse(path.read_text())
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert [one.lineno for one in asserts if not one.msg and hides_a_text(one.test)] == []


LEAVES_OUT = {
    "skipped": "@pytest.mark.skip\ndef test_it(): pass",
    "skipped with its module": "pytest.skip('no', allow_module_level=True)",
    "skipped in the middle": "def test_it(): pytest.skip('no')",
    "xfailed": "@pytest.mark.xfail\ndef test_it(): assert False",
    "xfailed in the middle": "def test_it(): pytest.xfail('no')",
    "xpassed": "@pytest.mark.xfail\ndef test_it(): pass",
}


def run_alone(folder: Path, text: str, *options: str) -> tuple[int, str]:
    """Run a module of tests in a session of its own, under tests/conftest.py."""
    (folder / "test_alone.py").write_text(f"import pytest\n{text}\ndef test_passes(): pass\n")
    argv = (*PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.conftest")
    done = subprocess.run(
        (*argv, "--rootdir", folder, *options, folder),
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "xdist"])
@pytest.mark.parametrize("how", LEAVES_OUT)
def test_nothing_is_left_out_unseen(tmp_path: Path, how: str, options: tuple[str, ...]) -> None:
    code, said = run_alone(tmp_path, LEAVES_OUT[how], *options)
    assert code in (1, 5), said  # 5: no test at all
    assert f"a test {how.split(maxsplit=1)[0]}: that fails the session" in said


def test_a_session_that_leaves_nothing_out_passes(tmp_path: Path) -> None:
    code, said = run_alone(tmp_path, "def test_it(): pass")
    assert code == 0, said
