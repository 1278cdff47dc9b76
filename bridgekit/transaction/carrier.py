"""Carry out the effects of the protocol's programs on this host.

This is what all processes share; executor.py, guard.py and command.py have the rest.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from msgspec import Struct

from bridgekit.errors import BusyError, PxeError, RefusedError
from bridgekit.protocol import effects as fx
from bridgekit.protocol.decide import Reason, State, View
from bridgekit.system import signals
from bridgekit.transaction import commit, rollback
from bridgekit.transaction.journal import DONE, Entry, Journal, boot_clock
from bridgekit.transaction.machine import Machine
from bridgekit.transaction.record import Record
from bridgekit.transaction.store import Store

LOCK_SECONDS = 330.0
"""How long to wait for a lock whose holder moves: longer than any change may take."""


class Environment(Struct, frozen=True):
    """What effects are carried out on; `start_service` starts a PXE service given as JSON."""

    machine: Machine
    store: Store
    start_service: Callable[[str], None]


def run(program: fx.Program[fx.ReturnT], perform: Callable[[fx.Effect], Any]) -> fx.ReturnT:
    """Carry a program's effects out, one after the other; return what it returns."""
    outcome = None
    while True:
        try:
            effect = program.send(outcome)
        except StopIteration as end:
            result: fx.ReturnT = end.value
            return result
        outcome = perform(effect)


class Carrier:
    """Carry out effects for one process, and keep what is to be said of them.

    `error` is why a change could not be kept, `unwritten` what the journal lacks.
    `everything`: roll back all operations, for the journal may lack some that were started.
    """

    everything = False
    deadline: float | None = None

    journal: Journal
    record: Record
    error: BaseException | None = None
    service_error: PxeError | None = None
    restored: rollback.Restored | None = None
    unwritten: tuple[str, ...] = ()

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._held, self._deferred = ExitStack(), ExitStack()

    def close(self) -> None:
        """Release what is held; only then signals come that were deferred."""
        self._held.close()
        self._deferred.close()

    def perform(self, effect: fx.Effect) -> Any:
        """Carry out an effect; return its outcome."""
        match effect:
            case fx.TakeLock(wait):
                outcome: View | bool = self._take_lock(LOCK_SECONDS if wait else 0)
            case fx.ReleaseLock():
                outcome = self._release_lock()
            case fx.Look(reason):
                outcome = self.look(reason)
            case fx.Note():
                outcome = self._note(effect)
            case fx.RollBackKernel() | fx.RollBackFiles():
                outcome = self._restore(effect)
            case _:
                outcome = self._try_to(effect)
        return outcome

    def _take_lock(self, seconds: float) -> bool:
        """Take the lock; while it is held signals are deferred."""
        try:
            self._held.enter_context(self.environment.store.lock(seconds))
        except (BusyError, RefusedError) as error:
            self.error = error
            return False
        self._deferred.enter_context(signals.defer())
        return True

    def _release_lock(self) -> bool:
        self.close()
        return True

    def look(self, reason: Reason) -> View:
        """Read what a decision depends on, under the lock."""
        here = self.record.namespace.boot == self.environment.store.namespace.boot
        state, deadline = self.stands()
        decided = state in DONE or (state == "pending" and here)
        return View(
            reason=reason,
            state=state,
            here=here,
            overdue=here and 0 < deadline <= boot_clock(),
            caller=self.caller_waits(),
            complete=not decided and self._is_complete(here),
            guarded=self.guarded(),
        )

    def stands(self) -> tuple[State, float]:
        """Return where the transaction stands, and the deadline: 0 if there is none."""
        return self.journal.state(), self.journal.deadline()

    def caller_waits(self) -> bool:
        """Return whether whoever asks still waits; a command asks for itself."""
        return True

    def guarded(self) -> bool:
        """Return whether a guard lives and is not stuck; a guard asks for itself."""
        return False

    def _is_complete(self, here: bool) -> bool:
        machine = self.environment.machine if here else None
        try:
            return commit.is_complete(machine, self.journal, self.record)
        except Exception:  # it cannot be told, so it is not
            return False

    def _try_to(self, effect: fx.Effect) -> bool:
        try:
            match effect:
                case fx.Compare():
                    commit.compare(self.environment.machine, self.record)
                case fx.CheckFiles():
                    commit.check_files(self.record)
                case fx.ReplaceFiles():
                    commit.replace_files(self.record)
                case fx.Conclude():
                    commit.conclude(self.journal, self.record)
                case fx.StartService():
                    self._start_service()
                case _:
                    raise NotImplementedError(effect)
        except Exception as error:  # whatever it is, the program decides what follows
            self.error = error
            return False
        return True

    def _note(self, note: fx.Note) -> bool:
        deadline = self.deadline or 0 if note.event == "pending" else 0
        text = self.restored.text if self.restored and note.event != "undoing" else ""
        try:
            self.journal.write(Entry(note.event, note.step, deadline, text))
        except OSError as error:
            self.error = self.error or error
            path = self.journal.folder / "journal"
            again = "`bridgekit recover` tries again"
            self.unwritten = (f"  {path} cannot be written: {error.strerror}; {again}",)
            return False
        return True

    def _start_service(self) -> None:
        try:
            if self.record.service:
                self.environment.start_service(self.record.service)
        except PxeError as error:
            self.service_error = error

    def _restore(self, effect: fx.RollBackKernel | fx.RollBackFiles) -> bool:
        if isinstance(effect, fx.RollBackKernel):
            machine, everything = self.environment.machine, self.everything
            found = rollback.restore_kernel(machine, self.journal, self.record, everything)
        else:
            found = rollback.restore_files(self.journal, self.record)
        self.restored = self.restored + found if self.restored else found
        return not found.failures
