"""The Unix sockets between an executor, its guard and the commands that decide.

Both lie in the transaction's folder, which only root can reach: `guard.sock` takes commands,
`executor.sock` is the executor's; its connection ends when the executor ends, and brings the
guard its deadline. `guard.lock` is held by the guard as long as it lives.
"""

import contextlib
import os
import select
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

from bridgekit.system import lock
from bridgekit.system.peer import peer_pid

GUARD_SOCKET, EXECUTOR_SOCKET, GUARD_LOCK = "guard.sock", "executor.sock", "guard.lock"
CONFIRM, ROLLBACK = b"confirm\n", b"undo\n"
"""The commands; the second word is that of earlier versions, whose guards may still run."""
DEADLINE = b"deadline "
"""What a deadline begins with; seconds of the boot clock and a line end follow."""
COMMAND_BYTES = 64
ANSWER_BYTES = 1 << 20


@contextlib.contextmanager
def listening(folder: Path, name: str) -> Iterator[socket.socket]:
    """Listen on this socket within; one that a killed process left behind is replaced."""
    (folder / name).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with _short_path(folder, name) as path:
            listener.bind(path)
        listener.listen()
        try:
            yield listener
        finally:
            with contextlib.suppress(OSError):  # on a disk that errors made read-only
                (folder / name).unlink(missing_ok=True)


def connect(folder: Path, name: str) -> socket.socket:
    """Return a connection to this socket, without waiting.

    Raises:
        BlockingIOError: whoever listens accepts nothing, and the queue is full.
        OSError: nobody listens there.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        with _short_path(folder, name) as path:
            connection.connect(path)
        connection.setblocking(True)
    except OSError:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _short_path(folder: Path, name: str) -> Iterator[str]:
    """Yield a short path to the socket: sun_path of a Unix socket has 108 bytes (unix(7))."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{name}"
    finally:
        os.close(handle)


def receive_command(connection: socket.socket) -> bytes:
    """Return the command that came; nothing from a connection that has ended or broke."""
    try:
        return connection.recv(COMMAND_BYTES)
    except OSError:
        return b""


def is_alive(folder: Path) -> bool:
    """Return whether the transaction has a guard; one of an earlier version holds no lock."""
    if (folder / GUARD_LOCK).exists():
        return lock.is_held(folder / GUARD_LOCK)
    try:
        connect(folder, GUARD_SOCKET).close()
    except OSError:
        return False
    return True


def is_connected(connection: socket.socket) -> bool:
    """Return whether the other end has neither ended nor given up. poll(2)."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return not poll.poll(0)


def receive_all(connection: socket.socket) -> bytes:
    """Return everything that comes until the other end closes."""
    chunks = []
    while chunk := connection.recv(ANSWER_BYTES):
        chunks.append(chunk)
    return b"".join(chunks)


def kill_peer(connection: socket.socket) -> None:
    """Kill the process at the other end: while the connection is open its pid is its own."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(peer_pid(connection), signal.SIGKILL)
