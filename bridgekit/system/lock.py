"""Locks between processes, released by the kernel when their holder ends. flock(2)."""

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bridgekit.system.stuck import Watched

TRY_SECONDS = 0.02
LOCKS = Path("/proc/locks")
HOLDER = re.compile(r"^\d+: FLOCK +\S+ +WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) ", re.MULTILINE)
"""A holder's line; one that waits has `->` before FLOCK. proc_locks(5)."""


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file within the context, once no other process holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def acquire(path: Path, seconds: float = 0) -> int | None:
    """Return a descriptor that holds the lock; None if another process held it all the time.

    A holder that is stuck is killed. If it hangs in the kernel and cannot even die, its file is
    replaced: it will never execute an instruction again.

    Raises:
        OSError: The file cannot be opened.
    """
    deadline, watched = time.monotonic() + seconds, None
    while True:
        handle = _try(path)
        if handle is not None or time.monotonic() >= deadline:
            return handle
        pid = holder(path)
        if pid and (watched is None or watched.pid != pid):
            watched = Watched(pid)
        if pid and watched and watched.is_stuck() and not watched.kill() and holder(path) == pid:
            path.unlink(missing_ok=True)
        time.sleep(TRY_SECONDS)


def _try(path: Path) -> int | None:
    """Take the lock if it is free, and the file is still that of this path."""
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), os.stat(path)):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None


def _open(path: Path) -> int:
    """Open the file, which is made if need be; a disk that errors made read-only can be locked."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock exclusively."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def holder(path: Path) -> int | None:
    """Return the process that holds the lock; None if there is none in our pid namespace."""
    try:
        file, text = os.stat(path), LOCKS.read_text()
    except OSError:
        return None
    pids = (int(pid) for pid, inode in HOLDER.findall(text) if int(inode) == file.st_ino)
    return next((pid for pid in pids if _has_open(pid, file)), None)


def _has_open(pid: int, file: os.stat_result) -> bool:
    """Return whether the process has this file open: the device in /proc/locks can be another's.

    Btrfs reports the device of a subvolume to stat(2).
    """
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if os.path.samestat(link.stat(), file):
                    return True
    return False
