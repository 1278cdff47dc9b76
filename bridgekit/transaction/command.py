"""The effects of `confirm`, `rollback` and `recover`: ask the guard, or do its work."""

from typing import Any

from bridgekit.protocol import effects as fx
from bridgekit.protocol.decide import Reason, View
from bridgekit.transaction import guard_client
from bridgekit.transaction import record as records
from bridgekit.transaction.answer import Answer
from bridgekit.transaction.carrier import Carrier, Environment
from bridgekit.transaction.guard_socket import CONFIRM, ROLLBACK
from bridgekit.transaction.journal import Journal

COMMANDS = {"confirm": CONFIRM, "rollback": ROLLBACK}


class Command(Carrier):
    """Carry out effects in place of a guard, which may have been killed at its work."""

    def perform(self, effect: fx.Effect) -> Any:
        """Carry out an effect; return its outcome."""
        match effect:
            case fx.EndGuard():
                guard_client.kill(self.journal)
            case fx.RestoreGuard():
                guard_client.restore(self.journal)
            case _:
                return super().perform(effect)
        return True

    def look(self, reason: Reason) -> View:
        """Read what a decision depends on; the journal of a killed process may lack a step."""
        view = super().look(reason)
        self.everything = view.state != "pending"
        return view


class Decider(Command):
    """Have a change that waits decided. `answered` is what the guard said, if it was the guard."""

    answered: Answer | None = None

    def __init__(self, environment: Environment, journal: Journal) -> None:
        super().__init__(environment)
        self.journal, self.record = journal, records.read(journal)

    def perform(self, effect: fx.Effect) -> Any:
        """Carry out an effect; return its outcome."""
        if isinstance(effect, fx.Order):
            self.answered = guard_client.send_command(self.journal, COMMANDS[effect.reason])
            return self.answered and self.answered.ending
        return super().perform(effect)


class Recoverer(Command):
    """Finish the newest transaction, chosen under the lock: `found` is whether there is one."""

    found = False

    def look(self, reason: Reason) -> View:
        """Choose the transaction, and read what a decision on it depends on."""
        journal = self.environment.store.recoverable()
        if journal is None:
            return View(reason, "committed")
        self.journal, self.record, self.found = journal, records.read(journal), True
        return super().look(reason)

    def guarded(self) -> bool:
        """Return whether a guard lives and is not stuck."""
        return guard_client.is_moving(self.journal)
