"""The engine of script/mutate: what it breaks is what runs, and it says what became of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutations import engine
from tests.mutations.__main__ import main
from tests.mutations.breakage import Breakage, BreakageError, chosen, load, misfits
from tests.mutations.copy import Copy

ROOT = Path(__file__).parents[2]
WHERE = "tests/unit/test_where.py"
RUNS_HERE = """
import subprocess, sys
from pathlib import Path
import bridgekit.errors, bridgekit.state.mac, tests.builders

def test_it_is_this_tree() -> None:
    for module in (bridgekit.errors, bridgekit.state.mac, tests.builders):
        assert Path(module.__file__).is_relative_to({root!r})

def test_so_it_is_for_programs() -> None:
    argv = (sys.executable, "-P", "-c", "import bridgekit.errors; print(bridgekit.errors.__file__)")
    found = subprocess.run(argv, capture_output=True, text=True, cwd="/", check=True).stdout
    assert Path(found).is_relative_to({root!r})
    assert "a word that no tree has" not in Path(bridgekit.errors.__file__).read_text()
"""
PASSES, FAILS = "tests/unit/test_mac.py::test_no_vendor", "tests/unit/test_where.py"


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with engine.copies(ROOT, 1) as made:
        root = made[0].root
        (root / WHERE).write_text(RUNS_HERE.format(root=str(root)))
        yield made[0]


def breakage(**how: object) -> Breakage:
    """One that puts a word into bridgekit/errors.py."""
    usual = {"id": "it", "room": "errors", "file": "bridgekit/errors.py", "promise": "none"}
    text = {
        "before": "class BridgekitError(",
        "after": "# a word that no tree has\nclass BridgekitError(",
    }
    return Breakage(**{**usual, **text, "tests": (WHERE,), **how})  # type: ignore[arg-type]


def test_the_copy_is_what_runs(copy: Copy) -> None:
    assert copy.run([WHERE], 60).code == 0


def test_a_breakage_is_killed_in_the_copy_alone(copy: Copy) -> None:
    before = (ROOT / "bridgekit/errors.py").read_text()
    outcome = engine.attempt(copy, breakage())
    assert outcome.verdict == "killed"
    assert outcome.noticed == f"{WHERE}::test_so_it_is_for_programs"
    assert (ROOT / "bridgekit/errors.py").read_text() == before
    assert (copy.root / "bridgekit/errors.py").read_text() == before
    assert copy.run([WHERE], 60).code == 0, "what was compiled of the breakage is used no more"


def test_one_that_no_test_notices_survives(copy: Copy) -> None:
    assert engine.attempt(copy, breakage(tests=(PASSES,))).verdict == "survived"


def test_one_that_cannot_be_loaded_is_not_killed(copy: Copy) -> None:
    assert engine.attempt(copy, breakage(after="class class")).verdict == "no verdict"


def test_one_that_takes_too_long_is_not_killed(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FAST_SECONDS", 2)
    text = "import time; time.sleep(60)\nclass BridgekitError("
    assert engine.attempt(copy, breakage(after=text)).verdict == "no verdict"


def test_a_selection_that_is_red_by_itself_says_nothing(copy: Copy) -> None:
    red, gone = ("tests/unit/test_red.py",), ("tests/unit/test_mac.py::test_none",)
    (copy.root / red[0]).write_text("def test_red() -> None:\n    assert False\n")
    found = [breakage(tests=tests) for tests in (red, gone, (PASSES,))]
    assert engine.red_without(copy, found) == {red, gone}
    assert engine.red_without(copy, found[2:]) == frozenset()


@pytest.mark.parametrize("text", ["class NoSuchError(", "class "])
def test_one_that_no_longer_fits(text: str) -> None:
    assert "no longer fits" in misfits([breakage(before=text)], ROOT)[0]


@pytest.mark.parametrize("test", ["tests/unit/test_gone.py", "tests/unit/test_mac.py::test_gone"])
def test_tests_that_are_gone(test: str) -> None:
    assert "no such tests" in misfits([breakage(tests=(test,))], ROOT)[0]


def test_the_list_is_read_and_chosen_from(tmp_path: Path) -> None:
    found = load()
    assert chosen(found, ["uapi"], False) == [one for one in found if one.room == "uapi"]
    assert all(one.fast for one in chosen(found, [], True))
    with pytest.raises(BreakageError, match="no breakage and no room: nobody"):
        chosen(found, ["nobody"], False)
    (tmp_path / "room.toml").write_text("[[breakage]]\nid = 1\n")
    with pytest.raises(BreakageError, match=r"room\.toml"):
        load(tmp_path)


SOME = 4


@pytest.mark.all
@pytest.mark.parametrize("room", sorted({one.room for one in load() if one.fast}))
def test_the_fast_ones_are_noticed(room: str, capsys: pytest.CaptureFixture[str]) -> None:
    """At least one test fails for each; without root. Every fourth: `script/mutate` tries all."""
    some = [one.id for one in chosen(load(), [room], True)][::SOME]
    code = main(["--fast", *(word for id in some for word in ("--only", id))])
    assert code == 0, capsys.readouterr().out[-2000:]
