"""systemd-resolved: what it has for a link, and how to give it something else.

Read from the file that resolved keeps for each link that was given settings at run time. D-Bus
would answer with the values in effect, so one could not tell what was set from what is inherited;
and without resolved one open(2) that fails is all that it costs.
"""

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from bridgekit.state.link_dns import LinkDns, parse
from bridgekit.system.peer import peer_pid
from bridgekit.system.process import CommandError, run

FOLDER = Path("/run/systemd/resolve")
SOCKET = FOLDER / "io.systemd.Resolve"
MAX_BYTES = 1 << 16
CALL_SECONDS = 5.0
RETRY_SECONDS = 0.05


def read(link: str, index: int) -> LinkDns | None:
    """Return the DNS settings that resolved has for a link; None without any, or without it."""
    try:
        handle = os.open(FOLDER / "netif" / str(index), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(handle, "rb") as file, suppress(OSError):
        found = parse(link, file.read(MAX_BYTES).decode(errors="replace"))
        return found if found and running() else None
    return None


def running() -> bool:
    """Return whether resolved runs in our network namespace.

    Its files stay when it ends. One without that socket (before systemd 247) is taken to run.
    """
    if not FOLDER.is_dir():
        return False
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(CALL_SECONDS)
        try:
            line.connect(str(SOCKET))
            theirs = f"/proc/{peer_pid(line)}/ns/net"
            return os.stat(theirs).st_ino == os.stat("/proc/self/ns/net").st_ino
        except FileNotFoundError:
            return not SOCKET.exists()
        except OSError:
            return False


def call(*words: str) -> None:
    """Run resolvectl with these words; CommandError if it fails for five seconds.

    Resolved hears of a new link by netlink, and may not know it yet.
    """
    deadline = time.monotonic() + CALL_SECONDS
    while True:
        try:
            run("resolvectl", "--", *words, timeout=CALL_SECONDS)
            return
        except CommandError:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
