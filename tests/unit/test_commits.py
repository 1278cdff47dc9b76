"""Files are replaced after the verification, all or none, and the journal says which."""

import os
from pathlib import Path

import pytest

from bridgekit.errors import BridgekitError, RollbackIncompleteError
from bridgekit.planning.plan import FileChange
from bridgekit.transaction.commit import compare
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.rollback import AS_BEFORE
from tests.support.trial import Trial, trial

OLD, NEW = b"auto eth0\n", b"auto br0\n"


def verified(place: Path, *names: str, **more: object) -> Trial:
    """A change that is verified, with a file for each name; the last one is the backup."""
    (place / "interfaces").write_bytes(OLD)
    files = [FileChange(str(place / "interfaces"), OLD, NEW)]
    files += [FileChange(str(place / name), None, OLD) for name in names]
    case = trial(place, files=tuple(files), **more)
    case.execute()
    return case


def content(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc"


def test_it_replaces_the_files_and_says_so(etc: Path) -> None:
    case = verified(etc, "interfaces.before")
    (etc / "interfaces").chmod(0o640)
    case.commit()
    assert content(etc) == {"interfaces": NEW, "interfaces.before": OLD}
    assert case.events() == ["verified", "committing", "committed"]
    modes = [(etc / name).stat().st_mode & 0o777 for name in ("interfaces", "interfaces.before")]
    assert modes == [0o640, 0o640]


@pytest.mark.parametrize("edited", [b"auto eth0 # mine\n", None])
def test_a_file_that_somebody_changed_stays_and_nothing_is_written(
    etc: Path, edited: bytes | None
) -> None:
    case = verified(etc, "interfaces.before")
    (etc / "interfaces").unlink()
    if edited is not None:
        (etc / "interfaces").write_bytes(edited)
    there = content(etc)
    with pytest.raises(BridgekitError, match="was changed by someone else meanwhile"):
        case.commit()
    assert content(etc) == there
    assert case.events() == ["verified"]
    assert case.roll_back() == AS_BEFORE
    assert content(etc) == there


def test_a_file_that_appeared_stays(etc: Path) -> None:
    case = verified(etc, "interfaces.before")
    (etc / "interfaces.before").write_bytes(b"mine")
    with pytest.raises(BridgekitError, match="changed by someone else"):
        case.commit()
    assert content(etc) == {"interfaces": OLD, "interfaces.before": b"mine"}


@pytest.mark.parametrize("lines", range(2))
def test_a_disk_that_is_full_at_any_line_of_a_commit(etc: Path, lines: int) -> None:
    """Without its line no file is replaced; with the last one missing the files come back."""
    case = verified(etc, "interfaces.before")
    case.journal.left = lines
    with pytest.raises(OSError, match="No space left"):
        case.commit()
    assert content(etc)["interfaces"] == (OLD if lines == 0 else NEW)
    assert case.roll_back().startswith(AS_BEFORE)
    assert content(etc) == {"interfaces": OLD}
    assert case.differs_from_before() == []


def test_a_rollback_after_a_commit_that_stopped_brings_the_files_back(etc: Path) -> None:
    case = verified(etc, "interfaces.before")
    case.journal.write(Entry("committing"))
    (etc / "interfaces").write_bytes(NEW)
    assert case.roll_back() == AS_BEFORE
    assert content(etc) == {"interfaces": OLD}
    assert case.differs_from_before() == []


def test_a_file_that_is_neither_is_left_and_named(etc: Path) -> None:
    case = verified(etc)
    case.journal.write(Entry("committing"))
    (etc / "interfaces").write_bytes(b"mine")
    with pytest.raises(RollbackIncompleteError, match="interfaces was changed by someone else"):
        case.roll_back()
    assert content(etc) == {"interfaces": b"mine"}
    assert case.differs_from_before() == []


def test_what_a_killed_commit_left_beside_a_file_goes(etc: Path) -> None:
    case = verified(etc)
    case.journal.write(Entry("committing"))
    (etc / ".interfaces.bridgekit").write_bytes(NEW[:4])
    assert case.roll_back() == AS_BEFORE
    assert content(etc) == {"interfaces": OLD}


def test_what_somebody_wrote_beside_a_file_is_kept_and_named(etc: Path) -> None:
    """It is what the exchange took out: an edit in the very moment of the commit."""
    case = verified(etc)
    case.journal.write(Entry("committing"))
    (etc / ".interfaces.bridgekit").write_bytes(b"mine")
    with pytest.raises(RollbackIncompleteError, match="is what someone else wrote to"):
        case.roll_back()
    assert content(etc)[".interfaces.bridgekit"] == b"mine"


def test_after_a_reboot_only_files_come_back(etc: Path) -> None:
    case = verified(etc, "interfaces.before")
    case.journal.write(Entry("committing"))
    (etc / "interfaces").write_bytes(NEW)
    assert case.roll_back(kernel=False) == AS_BEFORE
    assert content(etc) == {"interfaces": OLD}
    assert case.machine.rolled_back == []
    assert case.journal.state() == "rolled-back"


# a commit whose last line is missing


def committed_but_for_the_last_line(etc: Path) -> Trial:
    case = verified(etc, "interfaces.before")
    case.journal.left = 1
    with pytest.raises(OSError, match="No space left"):
        case.commit()
    case.journal.left = 100
    return case


def test_a_complete_commit_is_concluded(etc: Path) -> None:
    case = committed_but_for_the_last_line(etc)
    (etc / ".interfaces.bridgekit").write_bytes(OLD)
    assert case.finish()
    assert case.journal.state() == "committed"
    assert content(etc) == {"interfaces": NEW, "interfaces.before": OLD}


@pytest.mark.parametrize("name", ["interfaces", "interfaces.before"])
def test_with_one_file_missing_it_was_not_complete(etc: Path, name: str) -> None:
    case = committed_but_for_the_last_line(etc)
    (etc / name).unlink()
    assert not case.finish()
    assert case.journal.state() == "committing"


def test_a_file_that_cannot_be_read_is_not_the_new_one(etc: Path) -> None:
    case = committed_but_for_the_last_line(etc)
    (etc / "interfaces").unlink()
    os.mkfifo(etc / "interfaces")
    assert not case.finish()


def test_on_a_host_that_is_not_as_expected_it_was_not_complete(etc: Path) -> None:
    case = committed_but_for_the_last_line(etc)
    case.machine.kernel.change_link("br0", mtu=1400)
    assert not case.finish()
    assert case.journal.state() == "committing"


def test_after_a_reboot_the_files_alone_tell(etc: Path) -> None:
    """The kernel has forgotten the rest."""
    case = committed_but_for_the_last_line(etc)
    case.machine.kernel.delete_link("br0")
    assert case.finish(rebooted=True)
    assert case.journal.state() == "committed"


def test_a_rollback_that_began_is_not_turned_round(etc: Path) -> None:
    case = committed_but_for_the_last_line(etc)
    case.journal.write(Entry("undoing"))
    assert not case.finish()
    assert case.journal.state() == "undoing"


def test_a_change_without_files_is_never_concluded_by_them(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.execute()
    assert not case.finish()


def test_the_change_that_is_rolled_back_is_no_longer_in_force(etc: Path, tmp_path: Path) -> None:
    other = Journal(etc / "000000-beef")
    other.folder.mkdir()
    other.write(Entry("committed"))
    case = verified(etc, rolls_back=other.folder.name)
    case.commit()
    assert (case.journal.state(), other.state()) == ("committed", "taken-back")


def test_what_became_of_another_link_does_not_hinder_a_confirm(etc: Path) -> None:
    """A container's link may have gone meanwhile; of our own links everything counts."""
    case = trial(etc, "competing-between")
    case.execute()
    (theirs,) = (one for one in case.machine.kernel.state.addresses if one.ip == "192.168.2.4")
    case.machine.kernel.delete_address(theirs)
    compare(case.machine, case.record)
    case.machine.kernel.change_link("br0", mtu=1400)
    with pytest.raises(BridgekitError, match="mtu 1500 became 1400"):
        compare(case.machine, case.record)
