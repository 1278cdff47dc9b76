"""A journal that is cut or spoiled: `recover` does what is certain, and never makes it worse."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridgekit.errors import BridgekitError
from bridgekit.lab.topology import Lab
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import FINISHED, Entry, Journal
from tests.builders import RECORD
from tests.support import faults
from tests.support.transactions import APPLY, KILL_GUARDS, WAIT


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """One that tells of a whole change."""
    made = records.create(tmp_path, RECORD)
    for step in range(len(RECORD.plan.operations)):
        made.write(Entry("started", step))
    for event in ("verified", "pending", "committing", "committed"):
        made.write(Entry(event))
    return made


def test_a_journal_cut_anywhere_tells_the_beginning(journal: Journal) -> None:
    path = journal.folder / "journal"
    whole, entries = path.read_bytes(), tuple(journal.entries())
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        found = tuple(journal.entries())
        assert found == entries[: len(found)]
        assert len(found) == whole[:length].count(b"\n")
        assert not journal.damaged()


def flips(whole: bytes) -> Iterator[tuple[int, bytes]]:
    """Each bit of each byte, turned over."""
    for at in range(len(whole)):
        for bit in range(8):
            yield at, whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]


def test_a_spoiled_line_is_noticed_and_passed_over(journal: Journal) -> None:
    path = journal.folder / "journal"
    whole, entries = path.read_bytes(), tuple(journal.entries())
    for at, spoiled in flips(whole):
        path.write_bytes(spoiled)
        found = tuple(journal.entries())
        assert set(found) < set(entries) and len(found) >= len(entries) - 2, at
        assert journal.damaged() or at == len(whole) - 1


def test_a_spoiled_record_is_no_record(journal: Journal) -> None:
    path = journal.folder / "record"
    whole = path.read_bytes()
    for at, spoiled in flips(whole):
        if at % 7 == 0 or at < 100 or at > len(whole) - 100:
            path.write_bytes(spoiled)
            assert journal.head() is None
            with pytest.raises(BridgekitError, match="damaged"):
                records.read(journal)


def test_a_record_cut_anywhere_is_no_record(journal: Journal) -> None:
    path = journal.folder / "record"
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        assert journal.head() is None


def test_a_record_of_another_version_is_left_alone(journal: Journal) -> None:
    path = journal.folder / "record"
    text = path.read_bytes()[9:-1].replace(b'{"version":3,', b'{"version":9,')
    path.write_bytes(b"%08x %b\n" % (zlib.crc32(text), text))
    with pytest.raises(BridgekitError, match="has version 9; this program knows 3"):
        records.read(journal)


def test_only_root_reads_it(journal: Journal) -> None:
    assert journal.folder.stat().st_mode & 0o777 == 0o700
    for file in journal.folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def folder(lab: Lab, place: int = -1) -> str:
    """The folder of a transaction; the last one is the newest."""
    result = lab.run("host", "ls", "/var/lib/bridgekit").stdout.split()
    names = sorted(name for name in result if not name.endswith(".lock"))
    return f"/var/lib/bridgekit/{names[place]}"


def cut(lab: Lab, lines: int) -> None:
    """Leave so many whole lines of the last journal, and half a line."""
    file = f"{folder(lab)}/journal"
    text = lab.run("host", "cat", file).stdout.splitlines(keepends=True)
    kept = "".join(text[:lines]) + (text[lines][:20] if lines < len(text) else "")
    lab.run("host", "tee", file, stdin=kept)


def spoil(lab: Lab, line: int, place: int = -1) -> None:
    """Turn one letter of a line of a journal into another."""
    file = f"{folder(lab, place)}/journal"
    text = lab.run("host", "cat", file).stdout.splitlines(keepends=True)
    text[line] = text[line].replace("event", "evint")
    lab.run("host", "tee", file, stdin="".join(text))


def recovered(lab: Lab, states: faults.States) -> faults.State:
    """The state that the host is in after `recover`, which has nothing more to do then."""
    result = lab.bridgekit("recover")
    assert result.code == 0, result
    assert set(faults.transactions(lab)) <= FINISHED
    assert lab.bridgekit("recover").stdout == "nothing to recover\n"
    return states.found(lab)


@pytest.mark.parametrize("lines", [0, 1, 7, 12, 13])
def test_a_waiting_change_whose_journal_is_cut(lab: Lab, lines: int) -> None:
    """Everything was moved, whatever the journal still tells of."""
    with faults.staged(lab) as states:
        assert lab.bridgekit(*WAIT).code == 0
        lab.run("host", *KILL_GUARDS)
        cut(lab, lines)
        assert recovered(lab, states) == "old"


@pytest.mark.parametrize("lines", [0, 7, 13, 14])
def test_a_committed_change_whose_journal_is_cut(lab: Lab, lines: int) -> None:
    """The files tell that it was complete."""
    with faults.staged(lab) as states:
        assert lab.bridgekit(*APPLY).code == 0
        cut(lab, lines)
        assert recovered(lab, states) == "new"
        assert lab.bridgekit("rollback").code == 0
        assert states.found(lab) == "old"


@pytest.mark.parametrize("line", [0, 6, -2, -1])
def test_a_committed_change_whose_journal_is_spoiled(lab: Lab, line: int) -> None:
    with faults.staged(lab) as states:
        assert lab.bridgekit(*APPLY).code == 0
        spoil(lab, line)
        assert recovered(lab, states) == "new"


def test_an_older_journal_that_is_spoiled_rolls_nothing_back(lab: Lab) -> None:
    """What came later was begun when the older one was finished."""
    with faults.staged(lab) as states:
        spoil(lab, -1, place=0)
        assert lab.bridgekit(*APPLY).code == 0
        assert states.found(lab) == "new"
        result = lab.bridgekit("recover")
        assert (result.code, result.stdout) == (0, "nothing to recover\n"), result
        assert states.found(lab) == "new"


def test_a_record_that_cannot_be_read_is_reported_and_nothing_touched(lab: Lab) -> None:
    with faults.staged(lab) as states:
        assert lab.bridgekit(*WAIT).code == 0
        lab.run("host", *KILL_GUARDS)
        lab.run("host", "truncate", "-s", "-9", f"{folder(lab)}/record")
        before = faults.seen(lab)
        result = lab.bridgekit("recover")
        assert (
            result.code == 5 and "nothing is touched" in result.stderr and "remove" in result.stderr
        )
        assert lab.bridgekit(*APPLY).code == 6
        assert "damaged" in lab.bridgekit("status").stdout
        assert before.difference(faults.seen(lab)) == []
        assert states.new.about('"br0"', "eth0") != ()
