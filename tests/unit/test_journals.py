"""The journal: what its lines say, whatever part of them a disk kept."""

import os
import stat
from pathlib import Path
from typing import get_args

import pytest

from bridgekit.errors import BridgekitError
from bridgekit.transaction.journal import FINISHED, Entry, Event, Journal

EVENTS = get_args(Event)
STEP, STATELESS = "started", ("started", "verified")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def written(journal: Journal, *events: str) -> Journal:
    for number, event in enumerate(events):
        journal.write(Entry(event, number))  # type: ignore[arg-type]
    return journal


@pytest.mark.parametrize("event", EVENTS)
def test_the_last_event_is_the_state(journal: Journal, event: str) -> None:
    written(journal, "started", "started", "verified", event)
    assert journal.state() == ("changing" if event in STATELESS else event)
    assert journal.unfinished() == (event not in FINISHED)
    assert [one.event for one in journal.entries()] == ["started", "started", "verified", event]


def test_without_a_line_it_is_changing(journal: Journal) -> None:
    assert (journal.state(), journal.steps_started(), journal.deadline()) == ("changing", 0, 0)
    assert journal.unfinished() and not journal.damaged() and not journal.commit_started()


def test_the_furthest_step_counts_though_a_line_is_lost(journal: Journal) -> None:
    written(journal, *["started"] * 5)
    path = journal.folder / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert journal.steps_started() == 5
    path.write_bytes(b"".join(lines[:3]))
    assert journal.steps_started() == 3


def test_deadline_and_text_are_kept(journal: Journal) -> None:
    journal.write(Entry("pending", deadline=1234.5))
    journal.write(Entry("incomplete", text="why ö\nsecond line"))
    assert journal.deadline() == 1234.5
    assert journal.last_text() == "why ö\nsecond line"
    assert len((journal.folder / "journal").read_bytes().splitlines()) == 2


@pytest.mark.parametrize("kept", range(1, 9))
def test_a_line_cut_short_is_as_if_not_written(journal: Journal, kept: int) -> None:
    """And the next one is on a line of its own."""
    written(journal, "started", "verified", "committed")
    path = journal.folder / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + lines[2][: kept * len(lines[2]) // 9])
    assert (journal.state(), journal.damaged()) == ("changing", False)
    journal.write(Entry("rolled-back"))
    assert (journal.state(), journal.damaged()) == ("rolled-back", True)


@pytest.mark.parametrize("bit", range(0, 8 * 60, 13))
def test_a_bit_that_turned_is_seen(journal: Journal, bit: int) -> None:
    written(journal, "verified", "committed")
    path = journal.folder / "journal"
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(data))
    assert journal.damaged() or data.count(b"\n") != 2
    assert not journal.verified()
    assert journal.commit_started()


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_not_read(journal: Journal, kind: str) -> None:
    path = journal.folder / "journal"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    assert journal.damaged() and journal.unfinished() and journal.head() is None
    with pytest.raises(BridgekitError, match="no regular file"):
        journal.state()


def test_a_link_is_not_written_through(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"mine")
    (tmp_path / "journal").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        journal.write(Entry("started"))
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"


def test_it_is_its_owners_alone(journal: Journal) -> None:
    written(journal, "started")
    assert stat.S_IMODE((journal.folder / "journal").stat().st_mode) == 0o600
