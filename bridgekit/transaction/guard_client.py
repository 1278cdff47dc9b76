"""Start a transaction's guard, and send it commands. What the guard does is in guard.py."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bridgekit.errors import BridgekitError
from bridgekit.system import lock, systemd
from bridgekit.system.atomic_file import private_opener
from bridgekit.system.namespaces import systemd_manages_us
from bridgekit.system.stuck import Watched
from bridgekit.transaction.answer import Answer
from bridgekit.transaction.guard_socket import (
    DEADLINE,
    EXECUTOR_SOCKET,
    GUARD_LOCK,
    GUARD_SOCKET,
    connect,
    is_alive,
    listening,
    receive_all,
)
from bridgekit.transaction.journal import Journal

LOG = "guard.log"
START_SECONDS = 30
ACKNOWLEDGE_SECONDS = 5
ANSWER_SECONDS = 330
"""How long a guard that moves may take: longer than any commit and start of a PXE service."""
LOOK_SECONDS = 0.2
"""How often to look at a guard that has not answered yet."""


class Connection:
    """An executor's connection to its guard."""

    def __init__(self, endpoint: socket.socket) -> None:
        self._endpoint = endpoint

    def set_deadline(self, deadline: float) -> bool:
        """Give the guard its deadline, in seconds of the boot clock; False if it has not got it."""
        self._endpoint.settimeout(ACKNOWLEDGE_SECONDS)
        try:
            self._endpoint.sendall(DEADLINE + f"{deadline!r}\n".encode())
            return self._endpoint.recv(1) != b""
        except OSError:
            return False


@contextlib.contextmanager
def guarding(journal: Journal) -> Iterator[Connection]:
    """Keep a guard within, connected to this process: it notices when the process ends.

    Raises:
        BridgekitError: the guard did not start.
    """
    with listening(journal.folder, EXECUTOR_SOCKET) as listener:
        handles = _launch(journal.folder)
        try:
            if not _connects(journal, listener, handles):
                for handle in handles:
                    with contextlib.suppress(ProcessLookupError):
                        signal.pidfd_send_signal(handle, signal.SIGKILL)
                raise BridgekitError(f"the guard did not start, see {_log(journal.folder)}")
        finally:
            for handle in handles:
                os.close(handle)
        with listener.accept()[0] as endpoint:
            yield Connection(endpoint)


def _connects(journal: Journal, listener: socket.socket, handles: list[int]) -> bool:
    """Wait for the guard's connection; False if it ends, is stuck, or takes too long."""
    until, watched = time.monotonic() + START_SECONDS, None
    while time.monotonic() < until:
        ready = select.select([listener.fileno(), *handles], [], [], LOOK_SECONDS)[0]
        watched = watched or _watch(journal)
        if ready or _kill_if_stuck(watched):
            return listener.fileno() in ready
    return False


def restore(journal: Journal) -> None:
    """Start a guard if there is none; its deadline is in the journal."""
    if not is_alive(journal.folder):
        for handle in _launch(journal.folder):
            os.close(handle)


def _launch(folder: Path) -> list[int]:
    """Start the guard where no logout reaches it: as a service, else in a session of its own.

    Returns:
        A pidfd, readable when the guard has ended; none where systemd starts it again.
    """
    argv = [sys.executable, "-P", "-m", "bridgekit", "guard", str(folder)]
    if systemd_manages_us():
        systemd.start(_unit(folder), argv)
        return []
    null = subprocess.DEVNULL
    with open(folder / LOG, "ab", opener=private_opener) as log:
        process = subprocess.Popen(argv, stdin=null, stdout=log, stderr=log, start_new_session=True)
    return [os.pidfd_open(process.pid)]


def _unit(folder: Path) -> str:
    return f"bridgekit-guard-{folder.name}.service"


def _log(folder: Path) -> str:
    unit = f"`journalctl -u {_unit(folder)}`"
    return unit if systemd_manages_us() else str(folder / LOG)


def is_moving(journal: Journal) -> bool:
    """Return whether it has a guard that is not stuck. It takes seconds to find out if it is."""
    watched = _watch(journal)
    return is_alive(journal.folder) and not (watched and watched.stays_stuck())


def send_command(journal: Journal, command: bytes) -> Answer | None:
    """Send CONFIRM or ROLLBACK to the guard, and wait for its answer.

    Returns:
        None if there is no guard, or none any more: one that is stuck is killed.
    """
    watched, until = _watch(journal), time.monotonic() + ANSWER_SECONDS
    while is_alive(journal.folder) and time.monotonic() < until:
        try:
            with connect(journal.folder, GUARD_SOCKET) as connection:
                connection.sendall(command)
                return _receive(connection, watched, until)
        except BlockingIOError:
            if _kill_if_stuck(watched):
                return None
            select.select([], [], [], LOOK_SECONDS)
        except OSError:
            return None
    return None


def _receive(connection: socket.socket, watched: Watched | None, until: float) -> Answer | None:
    """Wait for an answer as long as the guard moves; it cannot be seen in another pid namespace."""
    while not select.select([connection], [], [], LOOK_SECONDS)[0]:
        if _kill_if_stuck(watched) or time.monotonic() >= until:
            return None
    try:
        return msgspec.json.decode(receive_all(connection), type=Answer)
    except (OSError, msgspec.MsgspecError):
        return None


def _kill_if_stuck(watched: Watched | None) -> bool:
    """Kill the guard if it is stuck; return whether it was."""
    if watched and watched.is_stuck():
        watched.kill()
        return True
    return False


def _watch(journal: Journal) -> Watched | None:
    pid = lock.holder(journal.folder / GUARD_LOCK)
    return Watched(pid) if pid else None


def kill(journal: Journal) -> None:
    """Kill the guard, if there is one."""
    watched = _watch(journal)
    if watched:
        watched.kill()
