"""A transaction of a golden case on the machine in memory, with a real journal."""

import itertools
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from bridgekit.errors import BridgekitError, RollbackIncompleteError
from bridgekit.planning.diff import differences
from bridgekit.planning.operations import Operation
from bridgekit.planning.plan import FileChange, Plan
from bridgekit.protocol import programs, steps
from bridgekit.protocol.effects import Conclude, Note
from bridgekit.state.network_state import NetworkState
from bridgekit.system import namespaces, signals
from bridgekit.system.namespaces import NamespaceId
from bridgekit.transaction.answer import rolled_back
from bridgekit.transaction.carrier import Carrier, Environment, run
from bridgekit.transaction.commit import is_complete
from bridgekit.transaction.executor import Applier
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.record import Record
from bridgekit.transaction.store import Store
from tests.cases.folder import ROOT, Folder
from tests.support.fake_machine import FakeMachine

MADE_BY_HAND = {"rollback-to-an-existing-bridge"}
"""Its state before is no kernel's: a bridge that is a veth."""
_numbers = itertools.count(1)


@cache
def folder(name: str) -> Folder:
    return Folder.read(name)


@cache
def plan_of(name: str) -> Plan:
    return folder(name).plan_result().plan


def moving_cases() -> list[str]:
    """Return the names of the cases that have operations."""
    names = sorted(path.parent.name for path in ROOT.glob("*/snapshot.json"))
    return [name for name in names if plan_of(name).operations and name not in MADE_BY_HAND]


class FailingJournal(Journal):
    """A journal on a disk that takes so many more lines, and then none."""

    left = 1_000_000

    def write(self, entry: Entry) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(28, "No space left on device")
        super().write(entry)


class Trial(Struct, frozen=True):
    """A machine in the state of a case, and the transaction that is to change it."""

    machine: FakeMachine
    journal: FailingJournal
    record: Record

    @property
    def operations(self) -> tuple[Operation, ...]:
        return self.record.plan.operations

    @property
    def links(self) -> tuple[str, ...]:
        return self.record.plan.intent.links

    def execute(self) -> list[str]:
        """Execute the plan; return what is reported."""
        said: list[str] = []
        applier = Applier(self._environment, self.record, said.append)
        applier.journal = self.journal
        with signals.raise_on_signal():
            if not run(programs.change(len(self.operations)), applier.perform):
                assert applier.error
                raise applier.error
        return said

    def roll_back(self, everything: bool = False, kernel: bool = True, cause: str = "") -> str:
        """Roll back; return what it came to."""
        carrier = self._carrier()
        carrier.everything = everything
        carrier.error = BridgekitError(cause) if cause else None
        ending = run(steps.roll_back(kernel), carrier.perform)
        text = rolled_back(ending, carrier)
        if ending == "incomplete":
            raise RollbackIncompleteError(text)
        assert (ending == "unnoted") == bool(carrier.unwritten)
        return text.removeprefix(f"{self.record.id} was rolled back: ")

    def commit(self) -> None:
        """Commit the files; raise what went wrong."""
        carrier = self._carrier()
        if not run(steps.commit(), carrier.perform):
            assert carrier.error
            raise carrier.error

    def finish(self, rebooted: bool = False) -> bool:
        """Conclude a commit that was complete; return whether it was."""
        machine = None if rebooted else self.machine
        complete = is_complete(machine, self.journal, self.record)
        if complete:
            carrier = self._carrier()
            assert carrier.perform(Conclude()) and carrier.perform(Note("committed"))
        return complete

    def _carrier(self) -> Carrier:
        carrier = Carrier(self._environment)
        carrier.journal, carrier.record = self.journal, self.record
        return carrier

    @property
    def _environment(self) -> Environment:
        return Environment(self.machine, Store(self.journal.folder.parent), lambda service: None)

    def differs_from(self, state: NetworkState) -> list[str]:
        """Return how the machine differs from a state, read strictly for every link of both."""
        now = self.machine.kernel.snapshot()
        links = {*self.links, *(link.name for one in (state, now) for link in one.links)}
        return [str(one) for one in differences(state, now, links)]

    def differs_from_before(self) -> list[str]:
        return self.differs_from(self.record.plan.snapshot)

    def events(self) -> list[str]:
        """Return the journal's events but for the steps."""
        return [one.event for one in self.journal.entries() if one.event != "started"]


def trial(
    place: Path,
    name: str = "both-families",
    files: tuple[FileChange, ...] = (),
    **more: Any,
) -> Trial:
    """Return a trial of this case; `more` is what its record has beside the plan."""
    plan = plan_of(name)
    plan = Plan(plan.intent, plan.snapshot, plan.operations, files)
    journal = FailingJournal(place / f"{next(_numbers):06}-abcd")
    journal.folder.mkdir()
    here = NamespaceId(namespaces.current().boot, 1, False)
    record = Record(journal.folder.name, here, 0.0, plan, **more)
    return Trial(FakeMachine(plan.snapshot), journal, record)
