"""The parts of a commit: look again, replace the files, tell ifupdown; and whether all is done."""

import contextlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal

from bridgekit.errors import BridgekitError
from bridgekit.host.ifupdown import detect, ifstate, validate
from bridgekit.planning.difference import Difference
from bridgekit.planning.plan import FileChange, Plan, new_contents
from bridgekit.system import atomic_file, namespaces
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.machine import Machine
from bridgekit.transaction.record import Record
from bridgekit.transaction.verify import bulleted, verify

IFSTATE = "ifstate"
"""What ifupdown believed before, in the transaction's folder."""


def compare(machine: Machine, record: Record) -> None:
    """Compare the machine with what was verified.

    What others added since, or did to links of their own, is theirs.

    Raises:
        BridgekitError: something is missing or has another value, or it cannot be read.
    """
    found, links = verify(machine, record.target, record.plan.intent), record.plan.intent.links
    differing = [one for one in found if one.what != "unexpected" and _concerns(one, links)]
    if differing:
        what = "the host is no longer as it was verified:"
        raise BridgekitError("\n".join([what, *bulleted(differing)]))


def _concerns(one: Difference, links: Collection[str]) -> bool:
    """Return whether it is about these links, or about none: a container's link may have gone."""
    return not one.links or bool(set(links).intersection(one.links))


def check_files(record: Record) -> None:
    """Check that the files can be replaced.

    Raises:
        BridgekitError: a file is not what the plan was made from, or the program that reads it at
            boot refuses the new one.
    """
    for item in record.plan.files:
        if atomic_file.read(Path(item.path)) != item.before:
            raise BridgekitError(f"{item.path} was changed by someone else meanwhile")
    _validate(record.plan)


def replace_files(record: Record) -> None:
    """Replace the configuration files.

    Raises:
        BridgekitError: one cannot be written, or was changed by someone else meanwhile.
    """
    for item in record.plan.files:
        atomic_file.compare_and_swap(
            Path(item.path), item.before, item.after, like=_file_backed_up(item, record)
        )


def conclude(journal: Journal, record: Record) -> None:
    """Do what is left to do when the files are the new ones; it can be done twice."""
    for item in record.plan.files:
        atomic_file.remove_leftovers(Path(item.path), item.before, item.after)
    _update_ifstate(journal, record)
    mark_rolled_back(journal, record, "taken-back")


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


def _update_ifstate(journal: Journal, record: Record) -> None:
    """Tell ifupdown which interfaces are up now; after a boot it knows better by itself."""
    boot, links = record.plan.ifupdown, record.plan.intent.links
    if boot and _concerns_ifupdown(record):
        with contextlib.suppress(OSError, ValueError):
            _save_ifstate(journal, ifstate.recorded(boot.dialect, links))
            ifstate.record_running(boot.dialect, links, boot.running)


def _save_ifstate(journal: Journal, lines: Iterable[str]) -> None:
    """Keep, once, what ifupdown believes; it need not outlive a power cut."""
    if not (journal.folder / IFSTATE).exists():
        new = journal.folder / f"{IFSTATE}.new"
        new.write_text("\n".join(lines))
        new.replace(journal.folder / IFSTATE)


def restore_ifstate(journal: Journal, record: Record) -> None:
    """Tell ifupdown what it believed before `conclude`."""
    boot, saved = record.plan.ifupdown, None
    if boot and _concerns_ifupdown(record):
        with contextlib.suppress(OSError, ValueError, BridgekitError):
            saved = atomic_file.read(journal.folder / IFSTATE)
            if saved is not None:
                lines = saved.decode().splitlines()
                ifstate.record_running(boot.dialect, record.plan.intent.links, lines)


def _concerns_ifupdown(record: Record) -> bool:
    here = record.namespace.boot == namespaces.current().boot
    boot = record.plan.ifupdown
    return boot is not None and here and detect.installed() == boot.dialect


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


def is_complete(machine: Machine | None, journal: Journal, record: Record) -> bool:
    """Return whether a change is complete but for the last line of its journal.

    The files tell: they are replaced only when the change is verified and to be kept. Without
    files the journal tells, but only in the boot of the change. `machine`: None after a reboot.
    """
    if journal.rollback_started():
        return False
    if record.plan.files:
        committing = _files_are_new(record)
    else:
        committing = machine is not None and journal.state() == "committing"
    return committing and (machine is None or _is_as_verified(machine, record))


def _is_as_verified(machine: Machine, record: Record) -> bool:
    try:
        compare(machine, record)
    except BridgekitError:
        return False
    return True


def _files_are_new(record: Record) -> bool:
    """Return whether all new files are in place; an unreadable one is not."""
    with contextlib.suppress(BridgekitError):
        return all(atomic_file.read(Path(item.path)) == item.after for item in record.plan.files)
    return False
