"""How large the product's parts and the tests may be, and how many places a bridge option has."""

import ast
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bridgekit.lab.host import PYTHON

ROOT = Path(__file__).parent.parent
PRODUCT = sorted([*ROOT.glob("bridgekit/**/*.py"), *ROOT.glob("pxe/bootserver/**/*.py")])
TESTS = sorted(ROOT.glob("tests/**/*.py"))
LINES = 250
TEST_LINES = 350
FUNCTION_LINES = 40
COMPLEXITY = 12
IMPORTED = 15
OPTION_PLACES = 5
"""Its value, what may be asked for, the CLI, netlink, and the interfaces file."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed() -> Iterator[tuple[Path, ast.Module]]:
    for path in PRODUCT:
        yield path, ast.parse(path.read_text())


def large_modules() -> set[str]:
    return longer(PRODUCT, LINES)


def large_test_modules() -> set[str]:
    return longer(TESTS, TEST_LINES)


def longer(paths: Iterable[Path], lines: int) -> set[str]:
    return {name(path) for path in paths if len(path.read_text().splitlines()) > lines}


def large_functions() -> set[str]:
    return {
        f"{name(path)}:{node.name}"
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES
    }


def complex_functions() -> set[str]:
    command = (*PYTHON, "-m", "ruff", "check", "--isolated", "--select=C901")
    limit = (f"--config=lint.mccabe.max-complexity={COMPLEXITY}", "--output-format=json")
    done = subprocess.run(
        (*command, *limit, *PRODUCT), capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout, done.stderr
    return {
        f"{name(Path(item['filename']))}:{item['message'].split('`')[1]}"
        for item in json.loads(done.stdout)
    }


def importing_modules() -> set[str]:
    return {name(path) for path, tree in parsed() if len(set(_imported(tree))) > IMPORTED}


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield each module of the product that is imported, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("bridgekit"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bridgekit"):
            for alias in node.names:
                yield _module(f"{node.module}.{alias.name}")


def _module(dotted: str) -> str:
    """Return the module that an imported name is, or is in."""
    path = ROOT / dotted.replace(".", "/")
    is_module = path.is_dir() or path.with_suffix(".py").exists()
    return dotted if is_module else dotted.rpartition(".")[0]


FOUND = {
    "modules": large_modules,
    "tests": large_test_modules,
    "functions": large_functions,
    "complexity": complex_functions,
    "imports": importing_modules,
}


@pytest.mark.parametrize("what", FOUND)
def test_nothing_is_too_large(what: str) -> None:
    assert sorted(FOUND[what]()) == []


def test_a_bridge_option_stands_in_few_places() -> None:
    text = "".join(path.read_text() for path in PRODUCT)
    assert len(re.findall(r"\bhello_time\b", text)) <= OPTION_PLACES
