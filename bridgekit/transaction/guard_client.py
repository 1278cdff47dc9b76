"""Start a transaction's guard, and send it commands. What the guard does is in guard.py."""

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from bridgekit.errors import BridgekitError
from bridgekit.system import systemd
from bridgekit.system.atomic_file import private_opener
from bridgekit.system.namespaces import systemd_manages_us
from bridgekit.transaction.guard_socket import (
    EXECUTOR_SOCKET,
    GUARD_SOCKET,
    connect,
    listening,
    receive_all,
)
from bridgekit.transaction.journal import Journal

CONFIRM, ROLLBACK = b"confirm\n", b"undo\n"
"""The commands; the second word is that of earlier versions, whose guards may still run."""
LOG = "guard.log"
START_SECONDS = 30


class Answer(Struct, frozen=True):
    """How a command to the guard ended: the exit code for the caller, and the text for people."""

    code: int
    text: str


@contextlib.contextmanager
def guarding(journal: Journal) -> Iterator[None]:
    """Keep a guard within, connected to this process: it notices when the process ends.

    Raises:
        BridgekitError: the guard did not start.
    """
    with listening(journal.folder, EXECUTOR_SOCKET) as listener:
        handles = _launch(journal.folder)
        ready = select.select([listener.fileno(), *handles], [], [], START_SECONDS)[0]
        for handle in handles:
            os.close(handle)
        if listener.fileno() not in ready:
            raise BridgekitError(f"the guard did not start, see {_log(journal.folder)}")
        with listener.accept()[0]:
            yield


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


def send_command(journal: Journal, command: bytes) -> Answer | None:
    """Send CONFIRM or ROLLBACK to the guard and wait for the answer; None if there is no guard."""
    try:
        with connect(journal.folder, GUARD_SOCKET) as connection:
            connection.sendall(command)
            return msgspec.json.decode(receive_all(connection), type=Answer)
    except (OSError, msgspec.MsgspecError):
        return None


def is_alive(journal: Journal) -> bool:
    """Return whether the transaction's guard accepts connections."""
    try:
        connect(journal.folder, GUARD_SOCKET).close()
    except OSError:
        return False
    return True


def wait_for_end(journal: Journal) -> None:
    """Wait until the transaction's guard has ended, if it has one."""
    with contextlib.suppress(OSError), connect(journal.folder, GUARD_SOCKET) as connection:
        connection.recv(1)
