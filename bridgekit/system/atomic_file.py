"""Files that are never half-written: a new one beside the old, synced, then renamed over it."""

import contextlib
import ctypes
import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bridgekit.errors import BridgekitError

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
CANNOT = (errno.EINVAL, errno.ENOSYS)
MAX_BYTES = 1 << 30
"""A plan with a million routes has 200 MB; a file that grows for ever has no end."""
CHUNK_BYTES = 1 << 16


def read(path: Path) -> bytes | None:
    """Return the file's bytes, None if there is none; BridgekitError if it is no regular file."""
    try:
        return read_regular(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BridgekitError(f"cannot read {path}: {error.strerror}") from error


def read_regular(path: Path) -> bytes:
    """Return the bytes of a regular file.

    The kind is that of the open file. O_NONBLOCK: to open a FIFO would wait for a writer, fifo(7).
    Files of /proc have no size, and one that is written meanwhile another: it is read to its end.

    Raises:
        BridgekitError: It is no regular file, or too large.
        OSError: It cannot be opened or read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise BridgekitError(f"{path} is no regular file")
    with os.fdopen(handle, "rb") as file:
        content = file.read(found.st_size + 1) if found.st_size <= MAX_BYTES else b""
        while content and len(content) <= MAX_BYTES and (chunk := file.read(CHUNK_BYTES)):
            content += chunk
    if max(found.st_size, len(content)) > MAX_BYTES:
        raise BridgekitError(f"{path} has more than {MAX_BYTES} bytes")
    return content


def write(path: Path, content: bytes | None, like: Path | None = None) -> None:
    """Put this content in place of the file's, or remove it (None): all or nothing.

    An existing file's owner, mode and extended attributes stay, and a symbolic link stays a link;
    a new file has those of `like`, or else is root's alone.
    """
    with _explained(path):
        target = path.resolve()
        _check_kind(target)
        if content is None:
            target.unlink(missing_ok=True)
        else:
            _fill(_temporary_name(target), content, target if target.exists() else like)
            os.replace(_temporary_name(target), target)
        sync_folder(target.parent)


def compare_and_swap(
    path: Path, before: bytes | None, after: bytes | None, like: Path | None = None
) -> None:
    """Put `after` in the place of `before`, as `write` does; None is no file.

    The old content is checked after it was moved aside, so that no edit is lost in between.

    Raises:
        BridgekitError: another content is there by now; it stays.
    """
    with _explained(path):
        target = path.resolve()
        _check_kind(target)
        aside = _temporary_name(target)
        if after is not None:
            _fill(aside, after, target if target.exists() else like)
        found = _taken_out(target, aside, before, after)
        aside.unlink(missing_ok=True)
        sync_folder(target.parent)
        if found != before:
            raise BridgekitError(f"{path} was changed by someone else meanwhile")


def _taken_out(
    target: Path, aside: Path, before: bytes | None, after: bytes | None
) -> bytes | None:
    """Exchange the two; return what was in the file. If it was not `before`, it goes back."""
    if before is None:
        try:
            os.link(aside, target)
        except FileExistsError:
            return target.read_bytes()
        return None
    if not target.exists():
        return None
    if after is None:
        return _moved(os.rename, target, aside, before)
    try:
        return _moved(_exchange, target, aside, before)
    except OSError as error:
        if error.errno not in CANNOT:
            raise
    found = target.read_bytes()
    if found == before:
        os.replace(aside, target)
    return found


def _moved(move: Callable[[Path, Path], None], target: Path, aside: Path, before: bytes) -> bytes:
    move(target, aside)
    found = aside.read_bytes()
    if found != before:
        move(aside, target)
    return found


def _exchange(one: Path, other: Path) -> None:
    """renameat2(2) with RENAME_EXCHANGE, which not every file system knows."""
    names = (AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other))
    if LIBC.renameat2(*names, RENAME_EXCHANGE):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BridgekitError(f"cannot write {path}: {error.strerror}") from error
    except RuntimeError as error:  # what Path.resolve makes of links in a circle
        raise BridgekitError(f"cannot write {path}: {error}") from error


def _check_kind(path: Path) -> None:
    """Refuse what is no regular file: a device or a pipe may be read for ever."""
    if path.exists() and not path.is_file():
        raise BridgekitError(f"{path} is no regular file")


def writable(path: Path) -> bool:
    """Return whether `write` may succeed, as far as one can tell without writing."""
    return os.access(path.resolve().parent, os.W_OK | os.X_OK)


def remove_leftovers(path: Path, *known: bytes | None) -> Path | None:
    """Remove what a killed `write` or `compare_and_swap` may have left beside the file.

    With `known`, only if it is one of these contents or the beginning of one.

    Returns:
        Where another content lies: someone else wrote it to the file meanwhile.
    """
    with contextlib.suppress(OSError, RuntimeError):
        aside = _temporary_name(path.resolve())
        content = aside.read_bytes()
        if known and not any(one is not None and one.startswith(content) for one in known):
            return aside
        aside.unlink()
    return None


def _temporary_name(target: Path) -> Path:
    """Where the new content waits. interfaces(5) and its like read no hidden file."""
    return target.with_name(f".{target.name}.bridgekit")


def _fill(waiting: Path, content: bytes, model: Path | None) -> None:
    """Make the file that will take another's place, synced; if that fails, there is none."""
    waiting.unlink(missing_ok=True)
    try:
        with open(waiting, "xb", opener=private_opener) as file:
            file.write(content)
            if model:
                _resemble(file.fileno(), model)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            waiting.unlink()
        raise


def private_opener(path: str, flags: int) -> int:
    """Open a file for `open(…, opener=…)`: one that is made is root's alone, links are refused."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _resemble(handle: int, model: Path) -> None:
    old = os.stat(model)
    os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, old.st_mode & 0o7777)
    for name in os.listxattr(model):
        os.setxattr(handle, name, os.getxattr(model, name))


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class FileSnapshot:
    """Text files by their paths; bytes that are not UTF-8 come through as surrogates.

    `changed` has files as they will be; None is no file.
    """

    def __init__(self, changed: Mapping[str, bytes | None] | None = None) -> None:
        self._changed = changed or {}

    def text(self, path: str) -> str | None:
        """Return the file's text, or None if there is no file or a folder.

        Raises:
            BridgekitError: It cannot be read, or is a FIFO or a device: ifup would wait for it.
        """
        if path in self._changed:
            content = self._changed[path]
        else:
            skipped = os.path.isdir(path) or not os.path.exists(path)
            content = None if skipped else read(Path(path))
        return None if content is None else content.decode(errors="surrogateescape")

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder; none if it cannot be listed."""
        try:
            return os.listdir(folder)
        except OSError:
            return []
