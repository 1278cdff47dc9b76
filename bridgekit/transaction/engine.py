"""Make a plan happen, or not have happened: operations, verification, files, and undo.

The order is the promise: every step is in the journal before it is taken; success is a fresh
look at the machine; files are replaced only after that; anything else is undone.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from bridgekit.errors import BridgekitError, RollbackIncomplete, RolledBack
from bridgekit.host import files
from bridgekit.migration.comparison import Difference, differences
from bridgekit.migration.expectation import expected
from bridgekit.migration.intent import Intent
from bridgekit.migration.operations import Operation, inverted
from bridgekit.migration.plan import FileChange
from bridgekit.model.snapshot import Snapshot
from bridgekit.transaction import probes
from bridgekit.transaction.journal import Entry, Journal, Record


class Machine(Protocol):
    """What a transaction needs of the machine; `bridgekit.machine` is the real one."""

    def snapshot(self, *links: str) -> Snapshot: ...

    def execute(self, operation: Operation, undoing: bool = False) -> None: ...


def focus(intent: Intent) -> tuple[str, str]:
    """The links that a migration is about."""
    return intent.nic, intent.bridge


def carrier_link(intent: Intent) -> str:
    """The link that carries the addresses when the intent is done."""
    return intent.bridge if intent.direction == "bridge" else intent.nic


def change(machine: Machine, journal: Journal, record: Record, tell: Callable[[str], None]) -> None:
    """Run the operations, look again, probe; BridgekitError at the first thing that is wrong."""
    operations = record.plan.operations
    for step, operation in enumerate(operations):
        journal.write(Entry("started", step))
        machine.execute(operation)
    tell(f"{len(operations)} operations done; looking at the result")
    wrong = _wrong(machine, expected(record.plan.snapshot, record.plan.intent), record.plan.intent)
    if wrong:
        raise BridgekitError("the host is not as expected:\n" + _listed(wrong))
    silent = probes.silent(record.probes, carrier_link(record.plan.intent))
    if silent:
        raise BridgekitError(f"no answer any more from {', '.join(silent)}")
    journal.write(Entry("verified"))


def commit(journal: Journal, record: Record) -> None:
    """Replace the configuration files; each must still be what the plan was made from."""
    for item in record.plan.files:
        if files.read(Path(item.path)) != item.before:
            raise BridgekitError(f"{item.path} was changed by someone else meanwhile")
    journal.write(Entry("committing"))
    for item in record.plan.files:
        files.write(Path(item.path), item.after, like=_original(item, record))
    journal.write(Entry("committed"))


def _original(item: FileChange, record: Record) -> Path | None:
    """A backup gets the owner and mode of the file whose content it keeps."""
    found = (other for other in record.plan.files if other.before == item.after)
    return next((Path(other.path) for other in found if other is not item), None)


def undo(machine: Machine, journal: Journal, record: Record) -> None:
    """Take back what was started; RollbackIncomplete lists what still differs.

    Nothing stops it: neither a step that cannot be undone nor a journal that cannot be written.
    """
    troubles = [
        *_noted(journal, Entry("undoing")),
        *_undone_operations(machine, journal, record),
        *(_undone_files(record) if journal.commit_begun() else []),
    ]
    left = _wrong(machine, record.plan.snapshot, record.plan.intent)
    _conclude(journal, [*troubles, *(str(difference) for difference in left)])


def _conclude(journal: Journal, troubles: list[str]) -> None:
    if troubles:
        text = "\n".join(troubles)
        raise RollbackIncomplete(
            "\n".join(["undone, but:", text, *_noted(journal, Entry("incomplete", text=text))])
        )
    journal.write(Entry("rolled-back"))


def _noted(journal: Journal, entry: Entry) -> list[str]:
    """Write to the journal; return why it could not be done."""
    try:
        journal.write(entry)
    except OSError as error:
        return [f"{journal.folder}/journal cannot be written: {error.strerror}"]
    return []


def undone(machine: Machine, journal: Journal, record: Record, cause: object) -> RolledBack:
    """Undo, and return the error that says why and that the host is as before."""
    try:
        undo(machine, journal, record)
    except RollbackIncomplete as error:
        raise RollbackIncomplete(f"{cause}\n{error}") from error
    return RolledBack(f"{cause}\nEverything was undone: the host is as before.")


def undo_files(journal: Journal, record: Record) -> None:
    """After a reboot only files can be half-done: the kernel has forgotten the rest."""
    journal.write(Entry("undoing"))
    _conclude(journal, _undone_files(record) if journal.commit_begun() else [])


def _undone_operations(machine: Machine, journal: Journal, record: Record) -> list[str]:
    troubles = []
    for operation in inverted(record.plan.operations[: journal.steps_started()]):
        try:
            machine.execute(operation, undoing=True)
        except Exception as error:  # whatever it is, the other steps must still be undone
            troubles.append(f"could not undo: {'; '.join(operation.describe())}: {error}")
    return troubles


def _undone_files(record: Record) -> list[str]:
    troubles = []
    for item in record.plan.files:
        try:
            now = files.read(Path(item.path))
            if now == item.after:
                files.write(Path(item.path), item.before)
            elif now != item.before:
                troubles.append(f"{item.path} was changed by someone else, and is left so")
        except BridgekitError as error:
            troubles.append(str(error))
    return troubles


def _wrong(machine: Machine, wanted: Snapshot, intent: Intent) -> tuple[Difference, ...]:
    links = focus(intent)
    return differences(wanted, machine.snapshot(*links), links)


def _listed(found: Iterable[Difference]) -> str:
    return "\n".join(f"  {difference}" for difference in found)
