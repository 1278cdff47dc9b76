"""A journal that cannot be written, or is damaged."""

from pathlib import Path

import pytest

from bridgekit.transaction.rollback import AS_BEFORE
from tests.support.trial import plan_of, trial


def test_a_disk_that_is_full_at_any_line_of_a_change(tmp_path: Path) -> None:
    """An operation whose line cannot be written is not begun."""
    for lines in range(len(plan_of("both-families").operations) + 1):
        case = trial(tmp_path)
        case.journal.left = lines
        with pytest.raises(OSError, match="No space left"):
            case.execute()
        assert len(case.machine.done) == lines
        answer = case.roll_back()
        assert answer.startswith(AS_BEFORE) and "cannot be written: No space left" in answer
        assert "`bridgekit recover` tries again" in answer
        assert case.differs_from_before() == []
        assert case.journal.unfinished()


@pytest.mark.parametrize("lines", [0, 1])
def test_a_disk_that_is_full_at_any_line_of_a_rollback(tmp_path: Path, lines: int) -> None:
    case = trial(tmp_path)
    case.execute()
    case.journal.left = lines
    answer = case.roll_back()
    assert (f"{case.journal.folder}/journal cannot be written" in answer) == (lines < 2), answer
    assert case.differs_from_before() == []
    assert case.journal.unfinished()


@pytest.mark.parametrize("lost", range(0, 12, 3))
def test_lines_that_are_lost_do_not_shorten_the_rollback(tmp_path: Path, lost: int) -> None:
    """A disk kept only so many lines; the machine has the last word."""
    case = trial(tmp_path)
    case.execute()
    path = case.journal.folder / "journal"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lost]))
    assert case.roll_back() == AS_BEFORE
    assert case.differs_from_before() == []


@pytest.mark.parametrize("line", range(0, 13, 4))
def test_a_line_that_is_spoiled_rolls_back_everything(tmp_path: Path, line: int) -> None:
    case = trial(tmp_path)
    case.execute()
    path = case.journal.folder / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = b"0" + lines[line][1:] if lines[line][:1] != b"0" else b"1" + lines[line][1:]
    path.write_bytes(b"".join(lines))
    assert case.journal.damaged()
    assert case.roll_back() == AS_BEFORE
    assert case.differs_from_before() == []
    assert len(case.machine.rolled_back) == len(case.operations)


def test_nothing_is_rolled_back_where_nothing_changed(tmp_path: Path) -> None:
    """Everything is asked for, as by `recover`, of a host that is as it was."""
    case = trial(tmp_path)
    assert case.roll_back(everything=True) == AS_BEFORE
    assert case.machine.rolled_back == []
