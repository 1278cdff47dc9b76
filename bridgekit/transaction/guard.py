"""The guard: a process of its own that rolls back when its executor is gone or time is up.

It is there before the first operation. Its connection to the executor ends with the executor:
before the change is verified that means rollback. While a verified change waits, it means nothing:
then a command or the deadline decides. A guard that is killed and started again finds the executor
there, or gone.
"""

import contextlib
import select
import signal
import socket
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from bridgekit.errors import BridgekitError, BusyError, RefusedError
from bridgekit.transaction.guard_client import CONFIRM, ROLLBACK, Answer
from bridgekit.transaction.guard_socket import (
    EXECUTOR_SOCKET,
    GUARD_SOCKET,
    connect,
    kill_peer,
    listening,
    receive_command,
)
from bridgekit.transaction.journal import FINISHED, Journal, State, boot_clock
from bridgekit.transaction.store import Store

CHANGE_SECONDS = 300
"""How long a change may take until it is verified; an executor that takes longer hangs."""
UNVERIFIED = ("changing", "undoing")


class Actions(Struct, frozen=True):
    """What the guard can do with its transaction; each returns how it ended."""

    commit: Callable[[], Answer]
    roll_back: Callable[[str], Answer]


def serve(store: Store, journal: Journal, actions: Actions) -> None:
    """Guard this transaction until it is finished."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with listening(journal.folder, GUARD_SOCKET) as listener:
        guard = Guard(store, journal, actions, listener)
        try:
            executor = connect(journal.folder, EXECUTOR_SOCKET)
        except OSError:
            if not guard.executor_gone():
                guard.watch(None)
            return
        with executor:
            guard.watch(executor)


class Guard:
    """Watch one transaction. Its journal may get lost; that a change waits is remembered."""

    def __init__(
        self, store: Store, journal: Journal, actions: Actions, listener: socket.socket
    ) -> None:
        self._store, self._journal, self._actions = store, journal, actions
        self._listener = listener
        self._deadline: float | None = None

    def watch(self, executor: socket.socket | None) -> None:
        """Wait for the deadline, commands and the executor's end; return when it is finished."""
        connections = [executor] if executor else []
        limit = boot_clock() + CHANGE_SECONDS
        while True:
            pending = self._state() == "pending"
            if not pending and executor not in connections:
                return  # another process has finished it
            until = self._deadline if pending and self._deadline else limit
            seconds = max(0.0, until - boot_clock())
            ready = select.select([self._listener, *connections], [], [], seconds)[0]
            if not ready and pending:
                self._expire()
                return
            if not ready:
                self._end_hanging(executor if executor in connections else None)
                limit = boot_clock() + CHANGE_SECONDS
            if self._listener in ready:
                connections.append(self._listener.accept()[0])
            for connection in [one for one in connections if one in ready]:
                connections.remove(connection)
                if self._finished_by(connection, connection is executor):
                    return

    def _finished_by(self, connection: socket.socket, is_executor: bool) -> bool:
        """Act on what a connection brought; return whether the transaction is finished."""
        command = receive_command(connection)
        with connection:
            return (is_executor and self.executor_gone()) or self._obey(connection, command)

    def _end_hanging(self, executor: socket.socket | None) -> None:
        if executor and self._state() in UNVERIFIED:
            kill_peer(executor)

    def executor_gone(self) -> bool:
        """Roll back what the executor left unfinished; return whether nothing is left to guard."""
        with self._locked():
            state = self._state()
            if state == "pending":
                return False
            if state not in FINISHED:
                self._actions.roll_back("the process that made the change is gone")
            return True

    def _state(self) -> State | None:
        """Return where the transaction stands; None if its journal cannot be read."""
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
            if self._state() == "pending":  # else another process has finished it
                self._actions.roll_back("not confirmed in time")

    def _obey(self, connection: socket.socket, command: bytes) -> bool:
        """Carry out a command on a change that waits; return whether nothing is left to guard."""
        if command not in (CONFIRM, ROLLBACK):
            return False
        with self._locked():
            answer = self._answer(command)
            with contextlib.suppress(OSError):
                connection.sendall(msgspec.json.encode(answer))
            return self._state() != "pending"

    def _answer(self, command: bytes) -> Answer:
        if self._state() != "pending":
            return Answer(BusyError.exit_code, "the change does not wait for a confirmation")
        if command == CONFIRM:
            return self._actions.commit()
        return self._actions.roll_back("as asked for")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the store's lock within; without one where its folder is gone."""
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(RefusedError):
                stack.enter_context(self._store.lock(wait=True))
            yield
