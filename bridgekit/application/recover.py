"""`recover`: finish what a crash left behind."""

from contextlib import suppress

from bridgekit.errors import BusyError, RollbackIncompleteError
from bridgekit.host import machine
from bridgekit.system import signals
from bridgekit.transaction import guard_client
from bridgekit.transaction import record as records
from bridgekit.transaction.commit import finish_commit
from bridgekit.transaction.journal import DONE, Journal
from bridgekit.transaction.rollback import roll_back, roll_back_files
from bridgekit.transaction.store import Store


def recover(store: Store) -> tuple[str, ...]:
    """Finish what a crash left behind; return a sentence for each transaction.

    The newest is tried again if its rollback was incomplete.

    Raises:
        RollbackIncompleteError: The record of one that is not finished cannot be read; nothing
            of it is touched.
    """
    journal = store.recoverable()
    results = [_recover_one(store, journal)] if journal else []
    if store.folder.is_dir():
        with suppress(BusyError), store.lock():
            store.disarm_finished()
    lost = [journal for journal in store.unreadable() if journal.unfinished()]
    if lost:
        raise RollbackIncompleteError("\n".join([*results, *map(_unreadable, lost)]))
    return tuple(results)


def _recover_one(store: Store, journal: Journal) -> str:
    with store.lock(wait=True), signals.defer():
        if guard_client.is_alive(journal):
            return f"{journal.folder.name} is {journal.state()} and guarded: left alone"
        return finish_interrupted(store, journal)


def finish_interrupted(store: Store, journal: Journal) -> str:
    """Keep a transaction that was complete, roll back any other; return how it ended.

    The lock is held, and the transaction has no guard. After a reboot only files are put back.
    """
    record = records.read(journal)
    if journal.state() in DONE:
        return f"{record.id} is {journal.state()}"
    if finish_commit(machine, journal, record):
        more = "; `bridgekit pxe up` starts its PXE service" if record.service else ""
        return f"{record.id} was complete, and is kept{more}"
    if record.namespace.boot == store.namespace.boot:
        return (
            f"{record.id} was rolled back: {roll_back(machine, journal, record, everything=True)}"
        )
    return f"{record.id} was rolled back: {roll_back_files(journal, record)}"


def _unreadable(journal: Journal) -> str:
    return (
        f"{journal.folder}: what this transaction was cannot be read, so nothing is touched."
        " Look at `ip address`, `ip route` and /etc/network/interfaces (its old text is beside it,"
        " in interfaces.before-bridgekit), put right what is wrong, and remove the folder"
    )
