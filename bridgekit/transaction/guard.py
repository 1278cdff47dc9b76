"""The guard: a process of its own that rolls back when its executor is gone or the time is up.

It is there before the first operation. Its connection to the executor brings it the deadline, and
ends with the executor. What it does about what it notices says bridgekit.protocol.programs.
"""

import contextlib
import signal
import socket
import time
import traceback
from collections.abc import Iterator
from typing import Any

import msgspec

from bridgekit.errors import BridgekitError, BusyError
from bridgekit.protocol import effects as fx
from bridgekit.protocol.decide import Reason, State
from bridgekit.protocol.programs import Watch, guard_turn, notice
from bridgekit.system import lock, watchdog
from bridgekit.transaction import record as records
from bridgekit.transaction.answer import answer
from bridgekit.transaction.carrier import Carrier, Environment, run
from bridgekit.transaction.guard_socket import GUARD_LOCK, GUARD_SOCKET, is_connected, listening
from bridgekit.transaction.guard_watch import Connections
from bridgekit.transaction.journal import Journal, boot_clock

CHANGE_SECONDS = 300
"""How long a change may take until it is verified; an executor that takes longer hangs."""
LOOK_SECONDS = 1.0
"""How often the journal and the clock are looked at."""
AGAIN_SECONDS = 5.0
"""How long to wait before what could not be finished is tried again."""
ANSWER_SECONDS = 5.0
"""How long a caller may take to receive its answer."""
PREDECESSOR_SECONDS = 10.0
IGNORED = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM),
    *(signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
)


def serve(environment: Environment, journal: Journal) -> None:
    """Guard this transaction until it is finished.

    Raises:
        BusyError: It has a guard already.
    """
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    if lock.acquire(journal.folder / GUARD_LOCK, PREDECESSOR_SECONDS) is None:
        raise BusyError(f"{journal.folder.name} has a guard already")
    with watchdog.fed(), _listening(journal) as listener:
        guard = Guard(environment, journal, Connections(listener, journal.folder))
        while not guard.turn():
            pass


@contextlib.contextmanager
def _listening(journal: Journal) -> Iterator[socket.socket | None]:
    """Listen for commands within; the deadline needs no socket, where none can be made."""
    with contextlib.ExitStack() as stack:
        listener = None
        with contextlib.suppress(OSError):
            listener = stack.enter_context(listening(journal.folder, GUARD_SOCKET))
        yield listener


class Guard(Carrier):
    """Carry out what a guard does. Its memory of the deadline outlives the journal."""

    def __init__(
        self, environment: Environment, journal: Journal, connections: Connections
    ) -> None:
        super().__init__(environment)
        self.journal, self.record = journal, records.read(journal)
        self._connections = connections
        self._limit = boot_clock() + CHANGE_SECONDS
        self._caller: socket.socket | None = None
        self._reason: Reason = "gone"
        self._not_before = 0.0

    def turn(self) -> bool:
        """Wait for one notice and act on it; whatever fails, the deadline must still be kept."""
        try:
            return run(guard_turn(), self.perform)
        except Exception as error:
            traceback.print_exc()
            self.close()
            self.error = error
            time.sleep(LOOK_SECONDS)
            return False

    def perform(self, effect: fx.Effect) -> Any:
        """Carry out an effect; return its outcome."""
        match effect:
            case fx.Wait():
                return self._wait()
            case fx.Acknowledge():
                self._connections.acknowledge()
            case fx.EndExecutor():
                self._connections.end_executor()
                self._limit = boot_clock() + CHANGE_SECONDS
            case fx.SendAnswer(ending):
                self._answer(ending)
            case _:
                return super().perform(effect)
        return True

    def _take_lock(self, seconds: float) -> bool:
        """Take the lock; where the folder is gone nobody else can act on this transaction."""
        return super()._take_lock(seconds) or not self.environment.store.folder.is_dir()

    def caller_waits(self) -> bool:
        """Return whether whoever gave the order still waits for its answer."""
        return self._caller is None or is_connected(self._caller)

    def _wait(self) -> fx.Notice:
        """Wait for something to act on."""
        self._forget()
        while True:
            watch = self._look_around()
            found = notice(watch)
            if found and (found not in ("gone", "time") or boot_clock() >= self._not_before):
                return self._noticed(found)
            self._connections.wait(LOOK_SECONDS)

    def _forget(self) -> None:
        """Begin anew: what came of the last turn is said, and what failed is tried again later."""
        if self._caller is None and (self.error or self.unwritten):
            self._not_before = boot_clock() + AGAIN_SECONDS
        self.error = self.restored = self.service_error = None
        self.unwritten, self._caller = (), None

    def _look_around(self) -> Watch:
        (state, deadline), now = self.stands(), boot_clock()
        return Watch(
            executor=self._connections.executor,
            state=state,
            message=self._connections.deadline is not None,
            order=self._connections.order,
            armed=deadline > 0,
            overdue=0 < deadline <= now,
            late=now >= self._limit,
        )

    def stands(self) -> tuple[State, float]:
        """Return where the transaction stands; an unreadable journal says nothing new."""
        try:
            state, noted = super().stands()
        except (BridgekitError, OSError):
            state, noted = "changing", 0
        self.deadline = self.deadline or noted or None
        return state, self.deadline or 0

    def _noticed(self, found: fx.Notice) -> fx.Notice:
        match found:
            case "armed":
                self.deadline = self._connections.take_deadline()
            case "confirm" | "rollback":
                self._caller, self._reason = self._connections.take_order(), found
            case "gone" | "time":
                self._connections.forget_executor()
        return found

    def _answer(self, ending: fx.Ending) -> None:
        if self._caller:
            with contextlib.suppress(OSError, BridgekitError), self._caller:
                self._caller.settimeout(ANSWER_SECONDS)
                self._caller.sendall(msgspec.json.encode(answer(self._reason, ending, self)))
