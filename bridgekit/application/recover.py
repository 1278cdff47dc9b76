"""`recover`: finish what a crash left behind."""

from contextlib import closing, suppress

from bridgekit.application.environment import environment_of
from bridgekit.errors import BusyError, RollbackIncompleteError
from bridgekit.protocol import programs
from bridgekit.transaction.answer import answer, unwrap
from bridgekit.transaction.carrier import run
from bridgekit.transaction.command import Recoverer
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.store import Store


def recover(store: Store) -> tuple[str, ...]:
    """Finish what a crash left behind; return a sentence for each transaction.

    The newest is tried again if its rollback was incomplete.

    Raises:
        BusyError: It has a guard, and is left to that.
        RollbackIncompleteError: The record of one that is not finished cannot be read; nothing
            of it is touched.
    """
    results = _recover_newest(store) if store.folder.is_dir() else ()
    if store.folder.is_dir():
        with suppress(BusyError), store.lock():
            store.disarm_finished()
    lost = [journal for journal in store.unreadable() if journal.unfinished()]
    if lost:
        raise RollbackIncompleteError("\n".join([*results, *map(_unreadable, lost)]))
    return results


def _recover_newest(store: Store) -> tuple[str, ...]:
    with closing(Recoverer(environment_of(store))) as recoverer:
        ending = run(programs.recover(), recoverer.perform)
        if ending == "busy" and not recoverer.found:
            raise BusyError(f"{recoverer.error}; nothing was changed")
        return (unwrap(answer("recover", ending, recoverer)),) if recoverer.found else ()


def _unreadable(journal: Journal) -> str:
    return (
        f"{journal.folder}: what this transaction was cannot be read, so nothing is touched."
        " Look at `ip address`, `ip route` and /etc/network/interfaces (its old text is beside it,"
        " in interfaces.before-bridgekit), put right what is wrong, and remove the folder"
    )
