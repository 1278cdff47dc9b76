"""systemd's watchdog: it kills, and starts again, a service that is stopped. sd_notify(3)."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

FEED_SECONDS = 10.0


@contextlib.contextmanager
def fed() -> Iterator[None]:
    """Within, tell systemd every few seconds that this process is not stopped, if it asks."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        yield
        return
    end = threading.Event()
    feeder = threading.Thread(target=_feed, args=(address, end), daemon=True)
    feeder.start()
    try:
        yield
    finally:
        end.set()


def _feed(address: str, end: threading.Event) -> None:
    path = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        while True:
            with contextlib.suppress(OSError):
                notify.sendto(b"WATCHDOG=1", path)
            if end.wait(FEED_SECONDS):
                return
