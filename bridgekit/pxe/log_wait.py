"""The wait for a line of a service's log."""

import subprocess
import threading

from bridgekit.errors import BridgekitError


class LogTimeoutError(BridgekitError):
    """The log ended, or the time was over, before the line came."""


def wait_for_line(follow: tuple[str, ...], start: str, seconds: float) -> str:
    """Return the log's first line with this start.

    Raise LogTimeoutError with the log's last lines otherwise.
    """
    seen: list[str] = []
    with subprocess.Popen(
        follow, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
    ) as reader:
        try:
            limit = threading.Timer(seconds, reader.kill)
            limit.daemon = True  # what a signal breaks off here must not wait for it
            limit.start()
            for line in reader.stdout or ():
                if line.startswith(start):
                    return line.rstrip()
                seen = [*seen[-4:], line.strip()]
        finally:
            reader.kill()
    last = " | ".join(seen) or "nothing"
    raise LogTimeoutError(
        f"the service did not log {start!r} within {seconds:.0f} s; its last lines: {last}"
    )
