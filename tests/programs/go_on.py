"""Let go on what strace(1) keeps stopped, if it is still there: go_on.py TRACE"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def parent(pid: str) -> str:
    """Return the parent of a process. proc_pid_stat(5)."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    return ""


tracers = set()
for path in Path("/proc").glob("[0-9]*/cmdline"):
    with suppress(OSError):
        if (
            path.read_bytes().startswith(b"strace\0")
            and os.fsencode(sys.argv[1]) in path.read_bytes()
        ):
            tracers.add(path.parent.name)
for path in Path("/proc").glob("[0-9]*"):
    if parent(path.name) in tracers:
        with suppress(ProcessLookupError):
            os.kill(int(path.name), signal.SIGCONT)
