"""Commit a verified change: replace the configuration files, and conclude the journals."""

import contextlib
from pathlib import Path
from typing import Literal

from bridgekit.errors import BridgekitError
from bridgekit.host.ifupdown import detect, ifstate, validate
from bridgekit.planning.plan import FileChange, Plan, new_contents
from bridgekit.system import atomic_file, namespaces
from bridgekit.transaction.executor import verify
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.machine import Machine
from bridgekit.transaction.record import Record


def commit(journal: Journal, record: Record) -> None:
    """Replace the configuration files and conclude the change.

    Raises:
        BridgekitError: a file is not what the plan was made from, or the program that reads it at
            boot refuses the new one.
    """
    for item in record.plan.files:
        if atomic_file.read(Path(item.path)) != item.before:
            raise BridgekitError(f"{item.path} was changed by someone else meanwhile")
    _validate(record.plan)
    journal.write(Entry("committing"))
    for item in record.plan.files:
        atomic_file.compare_and_swap(
            Path(item.path), item.before, item.after, like=_file_backed_up(item, record)
        )
    conclude(journal, record)


def conclude(journal: Journal, record: Record) -> None:
    """Write to the journals that the change is complete, and that what it rolls back is so."""
    _update_ifstate(record)
    mark_rolled_back(journal, record, "taken-back")
    journal.write(Entry("committed"))


def _validate(plan: Plan) -> None:
    """Let the program that reads the files at boot read them; a rollback restores what it read."""
    boot, rollback = plan.ifupdown, plan.intent.direction == "unbridge"
    if boot is None or rollback or detect.installed() != boot.dialect:
        return
    with contextlib.suppress(validate.UnprovenError):
        refused = validate.refusal(
            boot.dialect, boot.interfaces_file, new_contents(plan.files), plan.intent.bridge
        )
        if refused:
            raise BridgekitError(f"ifup does not take the new {boot.interfaces_file}: {refused}")


def _update_ifstate(record: Record) -> None:
    """Tell ifupdown which interfaces are up now; after a boot it knows better by itself."""
    boot = record.plan.ifupdown
    here = record.namespace.boot == namespaces.current().boot
    if boot and here and detect.installed() == boot.dialect:
        with contextlib.suppress(OSError):
            ifstate.record_running(boot.dialect, record.plan.intent.links, boot.running)


def mark_rolled_back(
    journal: Journal, record: Record, event: Literal["taken-back", "committed"]
) -> None:
    """Write to the journal of the transaction that this one rolls back whether it still stands."""
    if record.rolls_back:
        other = Journal(journal.folder.parent / record.rolls_back)
        if other.state() != event:
            other.write(Entry(event))


def _file_backed_up(item: FileChange, record: Record) -> Path | None:
    """Return the file whose content this backup keeps: it gives the backup its owner and mode."""
    same = (other for other in record.plan.files if other.before == item.after)
    return next((Path(other.path) for other in same if other is not item), None)


def finish_commit(machine: Machine, journal: Journal, record: Record) -> bool:
    """Conclude a change that was complete but for the last line of its journal.

    The files tell: they are replaced only when the change is verified and to be kept.

    Returns:
        Whether it was complete; otherwise nothing was changed.
    """
    if journal.state() == "undoing" or not _files_are_new(record):
        return False
    same_boot = record.namespace.boot == namespaces.current().boot
    if same_boot and verify(machine, record.target, record.plan.intent):
        return False
    for item in record.plan.files:
        atomic_file.remove_leftovers(Path(item.path), item.before, item.after)
    conclude(journal, record)
    return True


def _files_are_new(record: Record) -> bool:
    """Return whether there are new files, and all are in place; an unreadable one is not."""
    with contextlib.suppress(BridgekitError):
        new = [atomic_file.read(Path(item.path)) == item.after for item in record.plan.files]
        return bool(new) and all(new)
    return False
