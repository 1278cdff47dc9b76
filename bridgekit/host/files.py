"""Files that are never half-written: a new one beside the old, synced, then renamed over it."""

import contextlib
import glob
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from bridgekit.errors import BridgekitError

PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What `source-directory` of interfaces(5) reads; other names are left out."""


def read(path: Path) -> bytes | None:
    """Return the file's bytes, or None if there is none; BridgekitError if it is no file."""
    try:
        _check_kind(path)
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BridgekitError(f"cannot read {path}: {error.strerror}") from error


def write(path: Path, content: bytes | None, like: Path | None = None) -> None:
    """Put this content in place of the file's, or remove it (None): all or nothing.

    An existing file's owner, mode and extended attributes stay, and a symbolic link stays a link;
    a new file has those of `like`, or else is root's alone.
    """
    try:
        target = path.resolve()
        _check_kind(target)
        if content is None:
            target.unlink(missing_ok=True)
        else:
            _replace(target, content, like)
        sync_folder(target.parent)
    except OSError as error:
        raise BridgekitError(f"cannot write {path}: {error.strerror}") from error
    except RuntimeError as error:  # what Path.resolve makes of links in a circle
        raise BridgekitError(f"cannot write {path}: {error}") from error


def _check_kind(path: Path) -> None:
    """A device or a pipe may be read for ever, and a file in its place would be its end."""
    if path.exists() and not path.is_file():
        raise BridgekitError(f"{path} is no regular file")


def writable(path: Path) -> bool:
    """Could `write` succeed, as far as one can tell without writing?"""
    return os.access(path.resolve().parent, os.W_OK | os.X_OK)


def sweep(path: Path) -> None:
    """Remove what a `write` that was killed may have left beside the file."""
    with contextlib.suppress(OSError, RuntimeError):
        _beside(path.resolve()).unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    """Where the new content waits. interfaces(5) and its like read no hidden file."""
    return target.with_name(f".{target.name}.bridgekit")


def _replace(target: Path, content: bytes, like: Path | None) -> None:
    waiting = _beside(target)
    waiting.unlink(missing_ok=True)
    try:
        with open(waiting, "xb", opener=_private) as file:
            file.write(content)
            model = target if target.exists() else like
            if model:
                _resemble(file.fileno(), model)
            file.flush()
            os.fsync(file.fileno())
        os.replace(waiting, target)
    except BaseException:
        with contextlib.suppress(OSError):
            waiting.unlink()
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _resemble(handle: int, model: Path) -> None:
    old = os.stat(model)
    os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, old.st_mode & 0o7777)
    for name in os.listxattr(model):
        os.setxattr(handle, name, os.getxattr(model, name))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def with_sources(
    main: Path, sources: Callable[[bytes], tuple[tuple[str, str], ...]]
) -> Iterator[tuple[Path, bytes | None]]:
    """Yield the main file and each existing one it includes, once each, in reading order.

    `sources` returns the (keyword, pattern) pairs of a file's bytes.
    """
    waiting, seen = [main], set[Path]()
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        content = read(path)
        yield path, content
        found = sources(content) if content is not None else ()
        waiting[:0] = [file for word, pattern in found for file in _matching(path, word, pattern)]


def _matching(including: Path, word: str, pattern: str) -> Iterator[Path]:
    for name in sorted(glob.glob(str(including.parent / pattern))):
        path = Path(name)
        if word == "source-directory" and path.is_dir():
            files = (file for file in path.iterdir() if PLAIN_NAME.fullmatch(file.name))
            yield from sorted(file for file in files if file.is_file())
        elif path.is_file():
            yield path
