"""A file is replaced whole or not at all, and never one that someone else has changed."""

import errno
import os
from pathlib import Path

import pytest

from bridgekit.errors import BridgekitError
from bridgekit.system import atomic_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is not root's alone, behind a symbolic link."""
    real = tmp_path / "there" / "interfaces"
    real.parent.mkdir()
    real.write_bytes(b"old")
    os.chmod(real, 0o640)
    os.chown(real, 7, 9)
    os.setxattr(real, "user.note", b"mine")
    (tmp_path / "interfaces").symlink_to(real)
    return tmp_path / "interfaces"


def names(file: Path) -> list[str]:
    return sorted(path.name for path in file.resolve().parent.iterdir())


def test_owner_mode_attributes_and_link_stay(file: Path) -> None:
    atomic_file.compare_and_swap(file, b"old", b"new")
    real = file.resolve().stat()
    assert file.is_symlink() and file.read_bytes() == b"new"
    assert (real.st_mode & 0o7777, real.st_uid, real.st_gid) == (0o640, 7, 9)
    assert os.getxattr(file, "user.note") == b"mine"
    assert names(file) == ["interfaces"]


@pytest.mark.parametrize("after", [b"new", None])
def test_what_someone_else_wrote_stays(file: Path, after: bytes | None) -> None:
    with pytest.raises(BridgekitError, match="changed by someone else"):
        atomic_file.compare_and_swap(file, b"older", after)
    assert file.read_bytes() == b"old" and names(file) == ["interfaces"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_an_edit_at_the_last_moment_stays(
    file: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    """It comes when the new file is ready and the old one was looked at long ago."""
    fill = atomic_file._fill

    def fill_and_edit(*how: object) -> None:
        fill(*how)  # type: ignore[arg-type]
        file.write_bytes(b"edited")

    def unable(*_: object) -> None:
        raise OSError(errno.EINVAL, "no exchange here")

    monkeypatch.setattr(atomic_file, "_fill", fill_and_edit)
    if not can_exchange:
        monkeypatch.setattr(atomic_file, "_exchange", unable)
    with pytest.raises(BridgekitError, match="changed by someone else"):
        atomic_file.compare_and_swap(file, b"old", b"new")
    assert file.read_bytes() == b"edited" and names(file) == ["interfaces"]


def test_without_an_exchange_it_is_replaced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(*_: object) -> None:
        raise OSError(errno.EINVAL, "no exchange here")

    monkeypatch.setattr(atomic_file, "_exchange", unable)
    atomic_file.compare_and_swap(file, b"old", b"new")
    assert file.read_bytes() == b"new" and names(file) == ["interfaces"]


def test_a_new_file_takes_no_ones_place(file: Path) -> None:
    other = file.resolve().with_name("other")
    atomic_file.compare_and_swap(other, None, b"made", like=file)
    assert other.read_bytes() == b"made" and other.stat().st_mode & 0o777 == 0o640
    with pytest.raises(BridgekitError, match="changed by someone else"):
        atomic_file.compare_and_swap(other, None, b"again")
    assert other.read_bytes() == b"made"


def test_a_file_that_is_gone_is_not_made_again(file: Path) -> None:
    file.resolve().unlink()
    with pytest.raises(BridgekitError, match="changed by someone else"):
        atomic_file.compare_and_swap(file, b"old", b"new")
    assert names(file) == []


def test_removal(file: Path) -> None:
    atomic_file.compare_and_swap(file, b"old", None)
    assert names(file) == []


def test_no_fifo_is_waited_for_and_nothing_endless_read(tmp_path: Path) -> None:
    """open(2) of a FIFO without a writer would wait: the test itself would not end."""
    os.mkfifo(tmp_path / "pipe")
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(atomic_file.MAX_BYTES + 1)
    for path, why in ((tmp_path / "pipe", "no regular"), (Path("/dev/zero"), "no regular")):
        with pytest.raises(BridgekitError, match=why):
            atomic_file.read(path)
    with pytest.raises(BridgekitError, match="more than"):
        atomic_file.read(large)
