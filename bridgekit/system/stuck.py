"""Whether a process executes anything at all, and how to end one that does not.

A stopped process (SIGSTOP, Ctrl-Z, a tracer, a frozen cgroup) and one whose system call hangs in a
disk are switched to no more: the kernel's counts of context switches stand still.
"""

import os
import re
import select
import signal
import time
from pathlib import Path

STOPPED_SECONDS = 3.0
"""After this long a stopped process counts as stuck."""
DISK_SECONDS = 15.0
"""After this long a process in an uninterruptible sleep does: a slow disk may take seconds."""
LIMITS = {"T": STOPPED_SECONDS, "t": STOPPED_SECONDS, "D": DISK_SECONDS}
"""By the state letter of proc_pid_stat(5)."""
LOOK_SECONDS = 0.05
DEATH_SECONDS = 2.0
STATUS = re.compile(r"^(?:State:\s+(\w)|\w+_ctxt_switches:\s+(\d+))", re.MULTILINE)
CGROUPS = Path("/sys/fs/cgroup")


class Watched:
    """A process that is watched from now on. proc_pid_status(5)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._seen: tuple[str, ...] = ()
        self._since = time.monotonic()
        try:
            self._pidfd: int | None = os.pidfd_open(pid)
        except OSError:
            self._pidfd = None

    def __del__(self) -> None:
        """Close the pidfd."""
        if self._pidfd is not None:
            os.close(self._pidfd)

    def is_stuck(self) -> bool:
        """Return whether it has been stopped, or in the disk, for too long."""
        seen = self._look()
        if seen != self._seen:
            self._seen, self._since = seen, time.monotonic()
        limit = LIMITS.get(seen[0]) if seen else None
        return limit is not None and time.monotonic() - self._since >= limit

    def stays_stuck(self) -> bool:
        """Wait until it moves, or counts as stuck; return whether it is stuck."""
        first = self._look()
        while first and first[0] in LIMITS and self._look() == first:
            if self.is_stuck():
                return True
            time.sleep(LOOK_SECONDS)
        return False

    def _look(self) -> tuple[str, ...]:
        """Return its state and its counts of context switches; T for one in a frozen cgroup."""
        try:
            text = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return ()
        state, *switches = ("".join(words) for words in STATUS.findall(text))
        return ("T" if _is_frozen(self.pid) else state, *switches)

    def kill(self) -> bool:
        """Kill it; return whether it has ended: one that hangs in the kernel ends later."""
        if self._pidfd is None:
            return True
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return True
        return bool(select.select([self._pidfd], [], [], DEATH_SECONDS)[0])


def _is_frozen(pid: int) -> bool:
    """Return whether its cgroup is frozen. cgroups(7), cgroup.events of version 2."""
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        path = next(line.removeprefix("0::/") for line in groups if line.startswith("0::/"))
        return "frozen 1" in (CGROUPS / path / "cgroup.events").read_text()
    except (OSError, StopIteration):
        return False
