"""One name, one class: no two public classes of the product share a name."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "bridgekit").rglob("*.py"), *(ROOT / "pxe/bootserver").rglob("*.py")])


def test_no_class_name_twice() -> None:
    modules: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        module = str(path.resolve().relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].add(module)
    assert {name: sorted(where) for name, where in modules.items() if len(where) > 1} == {}
