"""The arrows between the rooms: who may import whom. See CONTRIBUTING.md for the map."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

from bridgekit.lab.host import PYTHON

PACKAGE = Path(__file__).parent.parent / "bridgekit"
PURE = ("uapi", "state", "planning", "persistence", "protocol")
MACHINE = {"os", "subprocess", "socket", "pathlib", "shutil", "pyroute2", "glob", "tempfile"}
PXE = {"pxe", "attach", "planning.findings", "planning.pxe_options"}
CORE = {"transaction", "protocol", "host", "planning", "persistence", "state", "uapi", "system"}
CORE |= {"errors"}
VERBS = {"cli", "application", "transaction.store", "planning", "state", "system", "errors"}
ROOMS = {
    "__init__": set(),
    "__main__": {"cli"},
    "assets": set(),
    "errors": set(),
    "uapi": {"uapi"},
    "state": {"state", "uapi", "errors"},
    "planning": {"planning", "state", "uapi", "errors"},
    "persistence": {"persistence", "state", "uapi", "errors"}
    | {"planning.findings", "planning.intent"},
    "system": {"system", "state.text", "errors"},
    "netlink": {"netlink", "state", "uapi", "errors"},
    "host": {"host", "netlink", "system", "state", "uapi", "planning.operations", "errors"},
    "protocol": {"protocol"},
    "transaction": {"transaction", "protocol", "host", "netlink", "system", "planning", "state"}
    | {"errors"},
    "application": {"application", *CORE},
    "application.pxe": {"application", *CORE, *PXE},
    "application.pxe_check": {"application", *CORE, *PXE},
    "application.pxe_service": {"application", "pxe.status", *CORE},
    "attach": {"attach", "host", "netlink", "system", "state", "uapi", "errors", "assets"},
    "pxe": {*PXE, "bootserver", "host", "netlink", "system", "state", "errors", "assets"},
    "bootserver": {"bootserver"},
    "cli": VERBS,
    "cli.attach": {*VERBS, "attach", "pxe.service_target"},
    "cli.detach": {*VERBS, "attach", "pxe.service_target"},
    "cli.lab": {*VERBS, "lab"},
    "cli.pxe": {*VERBS, "pxe"},
    "lab": {"lab", "host", "errors", "netlink", "system"},
}
"""What each room may import; a room's own line goes before that of the room around it."""


def modules() -> list[Path]:
    """Return every module; rglob does not follow the link of bootserver."""
    return sorted([*PACKAGE.rglob("*.py"), *(PACKAGE / "bootserver").rglob("*.py")])


def name_of(path: Path) -> str:
    """Return a module's name inside bridgekit; a package's is that of its folder."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[1:] and parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Yield what a module imports by its full name, relative imports too."""
    name = f"bridgekit.{name_of(path)}"
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_in(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def rule_of(name: str) -> str | None:
    """Return the innermost room that has a rule and the module in it."""
    return max((room for room in ROOMS if is_in(name, room)), key=len, default=None)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports(path: Path) -> None:
    name, found = name_of(path), list(imports(path))
    room = rule_of(name)
    assert room is not None, f"{name} is in a room without a rule: give it one in ROOMS"
    inside = [one.removeprefix("bridgekit.") for one in found if one.startswith("bridgekit.")]
    if path.name == "__main__.py" and name != "__main__":  # run by itself and imported by nobody
        return
    wrong = [one for one in inside if not any(is_in(one, allowed) for allowed in ROOMS[room])]
    allowed = ", ".join(sorted(ROOMS[room])) or "nothing of bridgekit"
    assert not wrong, f"wrong arrow: {name} -> {', '.join(wrong)}; {room} may import {allowed}"
    outside = {one.partition(".")[0] for one in found} - {"bridgekit"}
    if room in PURE:
        assert not outside & MACHINE, f"{name} is pure and imports {outside & MACHINE}"
    if not is_in(name, "netlink"):
        assert "pyroute2" not in outside, f"wrong arrow: {name} -> pyroute2; only netlink may"
    if room == "bootserver":
        strange = outside - sys.stdlib_module_names - {"jinja2", "netaddr"}
        assert not strange, f"{name} runs in the image, where there is no {strange}"


def test_every_rule_is_of_a_room() -> None:
    names = {name_of(path) for path in modules()}
    gone = [room for room in ROOMS if not any(is_in(name, room) for name in names)]
    assert gone == []
    assert {name.partition(".")[0] for name in names} <= ROOMS.keys()


def test_no_verb_is_imported_from_outside() -> None:
    for path in modules():
        name = name_of(path)
        if not is_in(name, "cli") and name != "__main__":
            wrong = [one for one in imports(path) if is_in(one, "bridgekit.cli")]
            assert not wrong, f"wrong arrow: {name} -> {', '.join(wrong)}"


def test_no_shell() -> None:
    for path in modules():
        text = path.read_text()
        assert "shell=True" not in text and "os.system" not in text, path


SLOW = ("asyncio", "http", "jinja2", "netaddr", "pyroute2", "sqlite3", "ssl", "urllib.request")


def loaded(program: str, *words: str) -> set[str]:
    """Return the modules that a program has loaded in the end, in a process of its own."""
    with_list = f"import sys\n{program}\nprint('\\nloaded', *sys.modules)"
    argv = (*PYTHON, "-c", with_list, *words)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "\nloaded " in done.stdout, done.stderr
    return set(done.stdout.rpartition("\nloaded ")[2].split())


@pytest.mark.parametrize("verb", ["plan", "apply", "confirm", "rollback", "status", "guard"])
def test_what_is_not_needed_is_not_imported(verb: str) -> None:
    """A verb starts in a tenth of a second; each of these takes that alone, or nearly."""
    assert sorted(loaded(f"import bridgekit.cli.{verb}").intersection(SLOW)) == []


RUN = """
from bridgekit.cli import main
try:
    main()
except SystemExit:
    pass
"""
WITHOUT_PXE = (
    "--help",
    *("plan --help", "plan none0", "plan none0 --rollback --json", "apply none0 --yes"),
    *("confirm", "rollback", "rollback --bridge none0", "recover", "status", "status --json"),
    *("snapshot none0", "interfaces none0", "guard none0"),
)
OUTSIDE_CORE = ("bridgekit.pxe", "bridgekit.attach", "bridgekit.bootserver", "bridgekit.assets")


@pytest.mark.parametrize("words", WITHOUT_PXE)
def test_the_core_never_imports_pxe(words: str, tmp_path: Path) -> None:
    """What a verb needs not, it does not load: none of these runs has a PXE service."""
    verb, *rest = words.split()
    state = () if verb.startswith("-") or verb == "guard" else ("--state-dir", str(tmp_path))
    found = loaded(RUN, verb, *rest, *state)
    assert verb.startswith("-") or f"bridgekit.cli.{verb}" in found
    assert sorted(one for one in found if any(is_in(one, room) for room in OUTSIDE_CORE)) == []


def test_the_package_loads_nothing_of_itself() -> None:
    found = loaded("import bridgekit")
    assert sorted(one for one in found if any(is_in(one, room) for room in OUTSIDE_CORE)) == []
