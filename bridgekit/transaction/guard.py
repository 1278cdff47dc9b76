"""The guard: a process of its own that undoes a change when its executor is gone or time is up.

It is armed before the first operation. Its lifeline is a connection to the executor, whose end is
the executor's end: before the change is verified that means undo. While a verified change waits,
it means nothing: then `confirm`, `undo` or the deadline decides, by a socket of the guard. Both
sockets are in the transaction's folder, which only root can reach. A guard that is killed and
started again finds the executor there, or gone.
"""

import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.system import systemd
from bridgekit.system.namespaces import systemd_manages_us
from bridgekit.transaction.journal import FINISHED, Journal, State, boot_clock
from bridgekit.transaction.store import Store

CONFIRM, ROLLBACK = b"confirm\n", b"undo\n"
GUARD_SOCKET, EXECUTOR_SOCKET = "guard.sock", "executor.sock"
LOG = "guard.log"
START_SECONDS = 30
CHANGE_SECONDS = 300
"""How long a change may take until it is verified; an executor that takes longer hangs."""
UNVERIFIED = ("changing", "undoing")
PEER = struct.Struct("=iII")
BUSY = 6
ANSWER_BYTES = 1 << 20


class Answer(Struct, frozen=True):
    """How an order to the guard ended: the exit code for the caller, and what to tell."""

    code: int
    text: str


class Actions(Struct, frozen=True):
    """What the guard can do with its transaction; each returns how it ended."""

    commit: Callable[[], Answer]
    roll_back: Callable[[str], Answer]


@contextlib.contextmanager
def guarding(journal: Journal) -> Iterator[None]:
    """Within, a guard is at its post, and hears when this process ends or leaves."""
    with listening(journal.folder, EXECUTOR_SOCKET) as listener:
        process = _launch(journal.folder)
        watched = [listener.fileno(), *process]
        ready = select.select(watched, [], [], START_SECONDS)[0]
        for handle in process:
            os.close(handle)
        if listener.fileno() not in ready:
            unit = f"`journalctl -u {_unit(journal.folder)}`"
            told = unit if systemd_manages_us() else journal.folder / LOG
            raise BridgekitError(f"the guard did not start, see {told}")
        with listener.accept()[0]:
            yield


def _launch(folder: Path) -> list[int]:
    """Start the guard where no logout reaches it: as a service, else in a session of its own.

    Return a handle that is readable when it has ended; none if systemd would start it again.
    """
    argv = [sys.executable, "-P", "-m", "bridgekit", "guard", str(folder)]
    if systemd_manages_us():
        systemd.start(_unit(folder), argv)
        return []
    quiet = subprocess.DEVNULL
    with open(folder / LOG, "ab", opener=_private) as log:
        process = subprocess.Popen(
            argv, stdin=quiet, stdout=log, stderr=log, start_new_session=True
        )
    return [os.pidfd_open(process.pid)]


def _unit(folder: Path) -> str:
    return f"bridgekit-guard-{folder.name}.service"


def send_command(journal: Journal, word: bytes) -> Answer | None:
    """Tell the guard to confirm or undo and wait for the end; None if there is no guard."""
    try:
        with connect(journal, GUARD_SOCKET) as line:
            line.sendall(word)
            return msgspec.json.decode(_receive_all(line), type=Answer)
    except (OSError, msgspec.MsgspecError):
        return None


def is_alive(journal: Journal) -> bool:
    """Is the transaction's guard there?"""
    try:
        connect(journal, GUARD_SOCKET).close()
    except OSError:
        return False
    return True


def wait_for_end(journal: Journal) -> None:
    """Wait until the transaction's guard has done its work, if it has one."""
    with contextlib.suppress(OSError), connect(journal, GUARD_SOCKET) as line:
        line.recv(1)


def serve(store: Store, journal: Journal, actions: Actions) -> None:
    """Guard this transaction until it is finished."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with listening(journal.folder, GUARD_SOCKET) as listener:
        guard = Guard(store, journal, actions, listener)
        try:
            lifeline = connect(journal, EXECUTOR_SOCKET)
        except OSError:
            if not guard.executor_gone():
                guard.watch(None)
            return
        with lifeline:
            guard.watch(lifeline)


class Guard:
    """Watches one transaction. Its journal may get lost; that a change waits is remembered."""

    def __init__(
        self, store: Store, journal: Journal, actions: Actions, listener: socket.socket
    ) -> None:
        self._store, self._journal, self._actions = store, journal, actions
        self._listener = listener
        self._deadline: float | None = None

    def watch(self, lifeline: socket.socket | None) -> None:
        """Wait for what happens, and do what is to be done; return when there is nothing left."""
        lines, limit = [lifeline] if lifeline else [], boot_clock() + CHANGE_SECONDS
        while True:
            pending = self._state() == "pending"
            if not pending and lifeline not in lines:
                return  # someone else has ended it
            until = self._deadline if pending and self._deadline else limit
            left = max(0.0, until - boot_clock())
            ready = select.select([self._listener, *lines], [], [], left)[0]
            if not ready and pending:
                self._expire()
                return
            if not ready and lifeline and lifeline in lines and self._state() in UNVERIFIED:
                _kill_executor(lifeline)
            limit = limit if ready else boot_clock() + CHANGE_SECONDS
            if self._listener in ready:
                lines.append(self._listener.accept()[0])
            for line in (line for line in lines[:] if line in ready):
                word = _receive(line)
                lines.remove(line)
                with line:
                    gone = line is lifeline and self.executor_gone()
                    if gone or self._obey(line, word):
                        return

    def executor_gone(self) -> bool:
        """Undo what it left half-done. Is there nothing left to guard?"""
        with self._locked():
            state = self._state()
            if state == "pending":
                return False
            if state not in FINISHED:
                self._actions.roll_back("the process that made the change is gone")
            return True

    def _state(self) -> State | None:
        """Where the transaction stands; None if nobody can know."""
        try:
            state = self._journal.state()
            if state == "pending":
                self._deadline = self._journal.deadline()
        except (BridgekitError, OSError):
            state = None
        lost = self._deadline and state in (None, "changing")
        return "pending" if lost else state

    def _expire(self) -> None:
        with self._locked():
            if self._state() == "pending":  # else someone else has ended it
                self._actions.roll_back("not confirmed in time")

    def _obey(self, line: socket.socket, word: bytes) -> bool:
        """Carry out an order if it is one and the change waits. Is there nothing left to guard?"""
        if word not in (CONFIRM, ROLLBACK):
            return False
        with self._locked():
            if self._state() != "pending":
                answer = Answer(BUSY, "the change does not wait for a confirmation")
            elif word == CONFIRM:
                answer = self._actions.commit()
            else:
                answer = self._actions.roll_back("as asked for")
            with contextlib.suppress(OSError):
                line.sendall(msgspec.json.encode(answer))
            return self._state() != "pending"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock; without one where its folder is gone."""
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(RefusedError):
                stack.enter_context(self._store.lock(wait=True))
            yield


def _kill_executor(lifeline: socket.socket) -> None:
    """End an executor that hangs; as long as its end of the lifeline is open, it is that one."""
    peer = lifeline.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size)
    with contextlib.suppress(ProcessLookupError):
        os.kill(PEER.unpack(peer)[0], signal.SIGKILL)


def _receive(line: socket.socket) -> bytes:
    """Return the word that came; a connection that broke has ended."""
    try:
        return line.recv(64)
    except OSError:
        return b""


@contextlib.contextmanager
def _short_path(folder: Path, name: str) -> Iterator[str]:
    """Yield a short path to the socket: the address of a Unix socket has at most 107 bytes."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{name}"
    finally:
        os.close(handle)


def connect(journal: Journal, name: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short_path(journal.folder, name) as path:
            line.connect(path)
    except OSError:
        line.close()
        raise
    return line


@contextlib.contextmanager
def listening(folder: Path, name: str) -> Iterator[socket.socket]:
    (folder / name).unlink(missing_ok=True)  # one that was killed has left its own
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with _short_path(folder, name) as path:
            listener.bind(path)
        listener.listen()
        try:
            yield listener
        finally:
            (folder / name).unlink(missing_ok=True)


def _receive_all(line: socket.socket) -> bytes:
    chunks = []
    while chunk := line.recv(ANSWER_BYTES):
        chunks.append(chunk)
    return b"".join(chunks)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
