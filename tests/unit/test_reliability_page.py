"""The tables of docs/reliability.md are what the kept notes say, and nothing else."""

import subprocess
from pathlib import Path

import pytest

from tests.mutations import __main__ as mutate
from tests.mutations import report
from tests.mutations.engine import Outcome
from tests.support import notes, reliability
from tests.support.faults import Inputs, Tried
from tests.support.notes import Run

RUN = Run("abc1234", "2026-12-01")
KILLED = Tried("the executor", "during", "sendto", "old", recovered=True)
BETWEEN = Tried("the executor", "during", "write", "between", recovered=False)


def test_the_table_of_faults() -> None:
    run, found = notes.read(reliability.NOTES, reliability.DECODER)
    page = reliability.PAGE.read_text()
    assert notes.marked(page, reliability.MARK)[1] == reliability.table(run, found)


def test_the_table_of_breakages() -> None:
    run, outcomes = notes.read(reliability.ROOT / report.NOTES, report.DECODER)
    page = (reliability.ROOT / report.PAGE).read_text()
    assert notes.marked(page, report.MARK)[1] == report.table(run, outcomes)


def test_what_is_in_between_is_counted() -> None:
    found = reliability.counted([BETWEEN, KILLED, Inputs("plan file", 7), KILLED])
    assert found[0].times == 2
    text = reliability.table(RUN, found)
    assert "At commit abc1234 of 2026-12-01: 3 faults, 1 of which ended in between." in text
    assert "7 hostile inputs: plan file 7." in text
    assert "| the executor | during | 3 | 0 | 2 | 2 | 1 |" in text
    assert "| **all** |  | 3 | 0 | 2 | 2 | 1 |" in text


def test_survivors_are_named() -> None:
    outcomes = [
        Outcome("noticed", "host", "killed", "tests/test_it.py::test_it", 1),
        Outcome("left", "host", "survived", "", 1),
    ]
    text = report.table(RUN, outcomes)
    assert "Of 2 breakages 1 were noticed, at commit abc1234 of 2026-12-01." in text
    assert "| host | 2 | 1 | 1 | 0 |" in text
    assert "Not noticed: `left` (survived)." in text


@pytest.mark.parametrize("mark", [reliability.MARK, report.MARK])
def test_only_what_is_between_the_marks_is_replaced(mark: str) -> None:
    before, _, after = notes.marked(reliability.PAGE.read_text(), mark)
    assert before.endswith(f"<!-- written by {mark} -->\n")
    assert after.startswith(f"<!-- end of {mark} -->\n")


def git(root: Path, *words: str) -> None:
    name = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(("git", *name, *words), cwd=root, check=True, capture_output=True)


def test_of_changes_that_no_commit_has_nothing_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one\n")
    for words in (("init",), ("add", "file"), ("commit", "-m", "one")):
        git(tmp_path, *words)
    commit = notes.this_run(tmp_path).commit
    file.write_text("two\n")
    with pytest.raises(notes.DirtyError, match=f"differs from commit {commit}, .*nothing was"):
        notes.this_run(tmp_path)
    assert notes.this_run(tmp_path, dirty=True).commit == f"{commit}-dirty"
    git(tmp_path, "commit", "-a", "-m", "two")
    assert notes.this_run(tmp_path).commit != commit


def test_writing_is_refused_before_anything_is_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notes, "COMMIT", ("echo", "abc1234-dirty"))
    monkeypatch.setattr(mutate, "run", lambda *_: pytest.fail("something was tried"))
    assert mutate.main(["--write"]) == 2
    assert "the tree differs from commit abc1234" in capsys.readouterr().err
