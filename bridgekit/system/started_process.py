"""Processes by id and start time, and all those of one network namespace."""

import os
import select
import signal
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

PROC = Path("/proc")


class StartedProcess(Struct, frozen=True):
    """A process that can't be mistaken for a later one with the same id."""

    pid: int
    started: int  # clock ticks after boot

    @property
    def namespace(self) -> str:
        """Its network namespace, as a path."""
        return f"/proc/{self.pid}/ns/net"

    def is_alive(self) -> bool:
        """Return whether it still runs."""
        return start_time(self.pid) == self.started


def start_time(pid: int) -> int | None:
    """When the process began; None if it does not run (any more)."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def pids_in_namespace(path: str) -> tuple[int, ...]:
    """All processes in the network namespace at this path."""
    try:
        wanted = os.stat(path)
    except OSError:
        return ()
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal())
    return tuple(pid for pid in pids if _is_in(pid, wanted))


def _is_in(pid: int, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(PROC / str(pid) / "ns/net"), wanted)
    except OSError:
        return False


def terminate(process: StartedProcess, patience: float = 5.0, *, alone: bool = False) -> None:
    """End a process and, unless `alone`, all in its network namespace: asked first, then killed."""
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, patience)):
        if not process.is_alive():
            return
        try:
            handle = os.pidfd_open(process.pid)
        except ProcessLookupError:
            return
        with os.fdopen(handle):
            # the parent only waits for the service's first process and ends with it
            _signal_all(process.pid, number, alone)
            select.select([handle], [], [], seconds)


def _signal_all(pid: int, number: signal.Signals, alone: bool) -> None:
    # one that has not left the caller's namespace yet has nothing but itself to end
    alone = alone or _namespace(pid) == _namespace(os.getpid())
    for other in (pid,) if alone else pids_in_namespace(f"/proc/{pid}/ns/net"):
        if alone or number == signal.SIGKILL or other != pid:
            with suppress(ProcessLookupError):
                os.kill(other, number)


def _namespace(pid: int) -> str:
    try:
        return os.readlink(PROC / str(pid) / "ns/net")
    except OSError:
        return ""
