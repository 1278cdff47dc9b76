"""The SSH connection that the caller came by, if there is one."""

import os
from pathlib import Path

VARIABLE = "SSH_CONNECTION"
PROC = Path("/proc")


def connection() -> str | None:
    """Return "CLIENT PORT SERVER PORT" (environ(7) of sshd): the caller's, or an ancestor's.

    `sudo` hides it from its children.
    """
    process = os.getpid()
    while process > 1:
        try:
            found = _variable((PROC / str(process) / "environ").read_bytes())
            if found:
                return found
            process = _parent((PROC / str(process) / "stat").read_text())
        except (OSError, ValueError):
            break
    return None


def _variable(environment: bytes) -> str | None:
    start = f"{VARIABLE}=".encode()
    found = (one for one in environment.split(b"\0") if one.startswith(start))
    return next((one[len(start) :].decode() for one in found), None)


def _parent(stat: str) -> int:
    return int(stat.rpartition(")")[2].split()[1])
