"""What a guard hears: the connection to its executor, and those of commands."""

import contextlib
import select
import socket
from pathlib import Path
from typing import Literal

from bridgekit.transaction.guard_socket import (
    CONFIRM,
    DEADLINE,
    EXECUTOR_SOCKET,
    ROLLBACK,
    connect,
    kill_peer,
    receive_command,
)

ORDERS: dict[bytes, Literal["confirm", "rollback"]] = {CONFIRM: "confirm", ROLLBACK: "rollback"}
GRACE_SECONDS = 1.0
"""How long an executor may take to end that has just told the user to confirm."""
MAX_WAITING = 16
"""How many commands may wait; all are root's."""


class Connections:
    """The sockets of a guard. `executor` is as in protocol.programs.Watch."""

    def __init__(self, listener: socket.socket | None, folder: Path) -> None:
        self._listeners = [listener] if listener else []
        self._executor: socket.socket | None = None
        self._callers: list[socket.socket] = []
        self._orders: list[tuple[socket.socket, Literal["confirm", "rollback"]]] = []
        self.executor: Literal["connected", "ended", "none"] = "none"
        self.deadline: float | None = None
        with contextlib.suppress(OSError):
            self._executor = connect(folder, EXECUTOR_SOCKET)
            self.executor = "connected"

    @property
    def order(self) -> Literal["confirm", "rollback"] | None:
        """Return what the first caller asks for, if one does."""
        return self._orders[0][1] if self._orders else None

    def wait(self, seconds: float) -> None:
        """Wait for something to come, and read it."""
        executor = [self._executor] if self._executor and self.executor == "connected" else []
        ready = select.select([*self._listeners, *executor, *self._callers], [], [], seconds)[0]
        if self._executor in ready:
            self._hear_executor(self._executor)
        for caller in [one for one in self._callers if one in ready]:
            self._callers.remove(caller)
            self._hear(caller)
        for listener in [one for one in self._listeners if one in ready]:
            self._callers = [*self._callers, listener.accept()[0]][-MAX_WAITING:]

    def _hear_executor(self, executor: socket.socket) -> None:
        text = receive_command(executor)
        if not text:
            self.executor = "ended"
        with contextlib.suppress(ValueError):
            self.deadline = float(text.removeprefix(DEADLINE))

    def _hear(self, caller: socket.socket) -> None:
        order = ORDERS.get(receive_command(caller))
        if order and len(self._orders) < MAX_WAITING:
            self._orders.append((caller, order))
        else:
            caller.close()

    def take_deadline(self) -> float | None:
        """Return the deadline that has come, once."""
        deadline, self.deadline = self.deadline, None
        return deadline

    def take_order(self) -> socket.socket:
        """Return the connection of the first caller, once."""
        return self._orders.pop(0)[0]

    def acknowledge(self) -> None:
        """Tell the executor that its deadline has come."""
        if self._executor:
            with contextlib.suppress(OSError):
                self._executor.sendall(b"\n")

    def end_executor(self) -> None:
        """Kill the executor if it is still connected after a moment."""
        executor = self._executor if self.executor == "connected" else None
        if executor and not select.select([executor], [], [], GRACE_SECONDS)[0]:
            kill_peer(executor)

    def forget_executor(self) -> None:
        """Count the executor as gone once its end is noticed."""
        if self.executor == "ended":
            self.executor = "none"
