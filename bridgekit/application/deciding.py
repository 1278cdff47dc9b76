"""Keep, take back and finish what was done."""

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bridgekit.application import applying, finishing, taking_back
from bridgekit.application.applying import Tell, Terms, ended
from bridgekit.application.planning import Draft
from bridgekit.errors import BusyError, RefusedError, RollbackIncompleteError, RolledBackError
from bridgekit.host import machine
from bridgekit.pxe import record as services
from bridgekit.system import signals
from bridgekit.transaction import guard
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import DONE, Journal
from bridgekit.transaction.rollback import finish_commit, roll_back, roll_back_files
from bridgekit.transaction.store import Store

ASKED = "as asked for"


def confirm(store: Store, wanted: str | None) -> str:
    """Keep a pending change; RefusedError if none waits. Without its guard, do the guard's work."""
    return decided(store, store.find(wanted, "pending"), guard.CONFIRM)


def decided(store: Store, journal: Journal, word: bytes) -> str:
    """Keep or undo a change that waits; return how it ended, raise if that is another way.

    Through its guard, if there is one. While we waited for the lock someone else may have decided,
    or a guard may have been killed at its work, which is then finished.
    """
    answer = guard.send_command(journal, word)
    if answer is not None:
        return ended(answer)
    with store.lock(wait=True):
        if journal.state() == "pending":
            actions = finishing.actions(store, journal, records.read(journal))
            return ended(actions.commit() if word == guard.CONFIRM else actions.roll_back(ASKED))
        with signals.defer():
            return _ended(journal, _finished(store, journal), word)


def _ended(journal: Journal, told: str, word: bytes) -> str:
    """Return what is told if that is what was wanted."""
    kept = journal.state() in ("committed", "taken-back")
    if kept == (word == guard.CONFIRM):
        return told
    if kept:
        raise RefusedError(f"{told}; `bridgekit rollback` takes it back")
    raise RolledBackError(told)


def rollback(
    store: Store, wanted: str | None, bridge: str | None, foreign: str | None, tell: Tell
) -> str:
    """Undo the pending change, or else take back the last committed one, files included.

    With `bridge` only what concerns that one. If there is nothing of ours, the bridge `foreign`,
    which something else made.
    """
    journal = _to_take_back(store, wanted, bridge)
    if journal is None and foreign and not wanted:
        return _take_back(store, foreign, partial(taking_back.foreign, foreign), None, tell)
    if journal is None and wanted:
        raise RefusedError(
            f"there is no migration {wanted} here to be taken back; nothing was changed"
        )
    if journal is None:
        raise RefusedError(
            "there is no migration here that could be taken back; nothing was changed."
            " `bridgekit rollback --bridge NAME` takes back a bridge that something else made"
        )
    record = records.read(journal)
    if journal.state() == "pending":
        return decided(store, journal, guard.ROLLBACK)
    draft = partial(taking_back.own, record)
    return _take_back(store, record.plan.intent.bridge, draft, record.id, tell)


def _take_back(
    store: Store, bridge: str, draft: Callable[..., Draft], undoes: str | None, tell: Tell
) -> str:
    def check(port: str | None) -> None:
        _refuse(bridge, draft(without=port))

    with _without_service(bridge, store.folder, check, tell):
        store.prepare()
        with store.lock():
            last = draft()
            _refuse(bridge, last)
            for found in last.findings:
                tell(f"{found.level}: {found.message}; {found.advice}")
            outcome = applying.apply(store, last.plan, Terms(rolls_back=undoes, fresh=True), tell)
    nic = last.plan.intent.nic
    if undoes:
        return f"{undoes} was taken back by {outcome.id}: {nic} is as before"
    return f"{outcome.id} took {bridge} back: {nic} has its state"


def _without_service(
    bridge: str, state: Path, check: Callable[[str | None], None], tell: Tell
) -> contextlib.AbstractContextManager[None]:
    if services.read(services.service_dir_of(bridge, state)) is None:
        return contextlib.nullcontext()
    from bridgekit.application.pausing import without_service  # slow to import

    return without_service(bridge, state, check, tell)


def _refuse(bridge: str, draft: Draft) -> None:
    if draft.refusals:
        reasons = "\n".join(f"  {found.message}: {found.advice}" for found in draft.refusals)
        raise RefusedError(f"{bridge} cannot be taken back as things are:\n{reasons}")


def _to_take_back(store: Store, wanted: str | None, bridge: str | None) -> Journal | None:
    """Return the migration, if there is one."""
    found = [j for j in store.journals() if bridge is None or _bridge(j) == bridge]
    pending = [journal for journal in found if journal.state() == "pending"]
    if pending and wanted in (None, pending[-1].folder.name):
        return pending[-1]
    store.refuse_if_unfinished()
    for journal in reversed(found):
        fits = wanted in (None, journal.folder.name) and journal.state() == "committed"
        head = journal.head()
        if fits and head and head.rolls_back is None:
            return journal
    return None


def _bridge(journal: Journal) -> str | None:
    head = journal.head()
    return head.plan.intent.bridge if head else None


def awaited(store: Store, journal: Journal) -> str:
    """Wait for a change whose time is up to end; its text if it was kept, its error otherwise."""
    guard.wait_for_end(journal)
    if journal.unfinished():
        with contextlib.suppress(RefusedError, RolledBackError):  # what became of it is told below
            decided(store, journal, guard.ROLLBACK)
    if journal.state() == "committed":
        return f"{journal.folder.name} was confirmed from another session"
    if journal.state() == "incomplete":
        raise RollbackIncompleteError(
            f"{journal.folder.name} was undone, but:\n{journal.last_text()}"
        )
    why = f"{journal.folder.name} was not confirmed in time: the host is as before"
    raise RolledBackError("\n".join(filter(None, [why, journal.last_text()])))


def recover(store: Store) -> tuple[str, ...]:
    """Finish what a crash left behind; return a sentence for each transaction.

    The newest is tried again if its undo was incomplete. RollbackIncompleteError if the record of
    one that is not finished cannot be read: then nothing of it is touched.
    """
    journal = store.recoverable()
    told = [_recovered(store, journal)] if journal else []
    if store.folder.is_dir():
        with contextlib.suppress(BusyError), store.lock():
            store.disarm_finished()
    lost = [journal for journal in store.unreadable() if journal.unfinished()]
    if lost:
        raise RollbackIncompleteError("\n".join([*told, *(_lost(journal) for journal in lost)]))
    return tuple(told)


def _recovered(store: Store, journal: Journal) -> str:
    with store.lock(wait=True), signals.defer():
        if guard.is_alive(journal):
            return f"{journal.folder.name} is {journal.state()} and guarded: left alone"
        return _finished(store, journal)


def _finished(store: Store, journal: Journal) -> str:
    """Bring a transaction to its end; with the lock held, and no guard. Say how it ended."""
    record = records.read(journal)
    if journal.state() in DONE:
        return f"{record.id} is {journal.state()}"
    if finish_commit(machine, journal, record):
        more = "; `bridgekit pxe up` starts its PXE service" if record.service else ""
        return f"{record.id} was complete, and is kept{more}"
    if record.namespace.boot == store.namespace.boot:
        return f"{record.id} was undone: {roll_back(machine, journal, record, everything=True)}"
    return f"{record.id} was undone: {roll_back_files(journal, record)}"


def _lost(journal: Journal) -> str:
    return (
        f"{journal.folder}: what this transaction was cannot be read, so nothing is touched."
        " Look at `ip address`, `ip route` and /etc/network/interfaces (its old text is beside it,"
        " in interfaces.before-bridgekit), put right what is wrong, and remove the folder"
    )
