"""The guard: a process of its own that undoes a change when its executor is gone or time is up.

It is armed before the first operation and has one end of a lifeline; the executor has the other,
whose end is the executor's end. Before the change is verified that means undo. While a verified
change waits, it means nothing: then `confirm`, `undo` or the deadline decides, by a socket in the
transaction's folder, which only root can reach.
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
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bridgekit.errors import BridgekitError
from bridgekit.transaction.journal import Journal, boot_clock
from bridgekit.transaction.store import Store

CONFIRM, UNDO = b"confirm\n", b"undo\n"
SOCKET = "guard.sock"
START_SECONDS = 30
CHANGE_SECONDS = 300
"""How long a change may take until it is verified; an executor that takes longer hangs."""
UNVERIFIED = ("changing", "undoing")
PEER = struct.Struct("=iII")
BUSY = 6
ANSWER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """How an order to the guard ended: the exit code for the caller, and what to tell."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Actions:
    """What the guard can do with its transaction; each returns how it ended."""

    finish: Callable[[], Answer]
    undo: Callable[[str], Answer]


def start(journal: Journal) -> socket.socket:
    """Start the guard in a session of its own, wait until it is armed; return the lifeline.

    The lifeline's other end is the guard's from its first moment: it cannot miss our end.
    """
    ours, its = socket.socketpair()
    with its, open(journal.folder / "guard.log", "ab", opener=_private) as log:
        fd = its.fileno()
        subprocess.Popen(
            [sys.executable, "-P", "-m", "bridgekit", "guard", str(journal.folder), str(fd)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[fd],
            start_new_session=True,
        )
    ours.settimeout(START_SECONDS)
    try:
        armed = ours.recv(1)
    except TimeoutError:
        armed = b""
    if not armed:
        ours.close()
        raise BridgekitError(f"the guard did not start, see {log.name}; nothing was changed")
    return ours


def wake(lifeline: socket.socket) -> None:
    """Make the guard look at the journal again."""
    lifeline.sendall(b"\n")


def order(journal: Journal, word: bytes) -> Answer | None:
    """Tell the guard to confirm or undo and wait for the end; None if there is no guard."""
    try:
        with _connected(journal) as line:
            line.sendall(word)
            return msgspec.json.decode(_received(line), type=Answer)
    except (OSError, msgspec.MsgspecError):
        return None


def alive(journal: Journal) -> bool:
    """Is the transaction's guard there?"""
    try:
        _connected(journal).close()
    except OSError:
        return False
    return True


def wait_for_end(journal: Journal) -> None:
    """Wait until the transaction's guard has done its work, if it has one."""
    with contextlib.suppress(OSError), _connected(journal) as line:
        line.recv(1)


def serve(store: Store, journal: Journal, actions: Actions, lifeline: socket.socket) -> None:
    """Guard this transaction until it is finished; say on the lifeline when armed."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    with _listening(journal.folder) as listener, lifeline:
        with contextlib.suppress(OSError):  # then the lifeline has ended, and that is seen below
            wake(lifeline)
        _guard(listener, lifeline, store, journal, actions)


def _guard(
    listener: socket.socket,
    lifeline: socket.socket,
    store: Store,
    journal: Journal,
    actions: Actions,
) -> None:
    lines, limit = [lifeline], boot_clock() + CHANGE_SECONDS
    while True:
        pending = journal.state() == "pending"
        left = max(0.0, (journal.deadline() if pending else limit) - boot_clock())
        ready = select.select([listener, *lines], [], [], left)[0]
        if not ready and pending:
            with store.lock(wait=True):
                actions.undo("not confirmed in time")
            return
        if not ready and journal.state() in UNVERIFIED:
            _kill(lifeline)
        limit = limit if ready else boot_clock() + CHANGE_SECONDS
        if listener in ready:
            lines.append(listener.accept()[0])
        for line in (line for line in lines[:] if line in ready):
            word = _heard(line)
            if line is lifeline and word:
                continue
            lines.remove(line)
            with line:
                gone = line is lifeline and _executor_gone(store, journal, actions)
                if gone or _obeyed(line, word, store, journal, actions):
                    return


def _kill(lifeline: socket.socket) -> None:
    """End an executor that hangs; as long as its end of the lifeline is open, it is that one."""
    peer = lifeline.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size)
    with contextlib.suppress(ProcessLookupError):
        os.kill(PEER.unpack(peer)[0], signal.SIGKILL)


def _heard(line: socket.socket) -> bytes:
    """Return the word that came; a connection that broke has ended."""
    try:
        return line.recv(64)
    except OSError:
        return b""


def _executor_gone(store: Store, journal: Journal, actions: Actions) -> bool:
    """Undo what it left half-done. Is there nothing left to guard?"""
    with store.lock(wait=True):
        if journal.state() == "pending":
            return False
        if journal.unfinished():
            actions.undo("the process that made the change is gone")
        return True


def _obeyed(
    line: socket.socket, word: bytes, store: Store, journal: Journal, actions: Actions
) -> bool:
    """Carry out an order if it is one and the change waits. Is there nothing left to guard?"""
    if word not in (CONFIRM, UNDO):
        return False
    with store.lock(wait=True):
        if journal.state() != "pending":
            answer = Answer(BUSY, "the change does not wait for a confirmation")
        else:
            answer = actions.finish() if word == CONFIRM else actions.undo("as asked for")
        with contextlib.suppress(OSError):
            line.sendall(msgspec.json.encode(answer))
        return journal.state() != "pending"


@contextlib.contextmanager
def _at_home(folder: Path) -> Iterator[str]:
    """Yield a short path to the socket: the address of a Unix socket has at most 107 bytes."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)


def _connected(journal: Journal) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _at_home(journal.folder) as path:
            line.connect(path)
    except OSError:
        line.close()
        raise
    return line


@contextlib.contextmanager
def _listening(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with _at_home(folder) as path:
            listener.bind(path)
        listener.listen()
        try:
            yield listener
        finally:
            (folder / SOCKET).unlink(missing_ok=True)


def _received(line: socket.socket) -> bytes:
    chunks = []
    while chunk := line.recv(ANSWER_BYTES):
        chunks.append(chunk)
    return b"".join(chunks)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
