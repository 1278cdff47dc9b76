"""Keep a verified change: its files, then its PXE service; and what a guard may do with it."""

from collections.abc import Callable

from bridgekit.application.pxe_service import start_service
from bridgekit.errors import BridgekitError
from bridgekit.host import machine
from bridgekit.system import signals
from bridgekit.transaction.commit import commit
from bridgekit.transaction.guard import Actions
from bridgekit.transaction.guard_client import Answer
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.record import Record
from bridgekit.transaction.rollback import roll_back, roll_back_after
from bridgekit.transaction.store import Store


def commit_transaction(store: Store, journal: Journal, record: Record) -> None:
    """Commit the files and start the PXE service.

    Raises:
        RolledBackError: The files could not be committed.
        PxeError: Only the service failed.
    """
    try:
        with signals.defer():
            commit(journal, record)
    except (BridgekitError, OSError) as error:
        raise roll_back_after(machine, journal, record, error) from error
    if record.service:
        start_service(record.service, store.folder)


def guard_actions(store: Store, journal: Journal, record: Record) -> Actions:
    """Return what a guard may do with this transaction."""

    def keep() -> str:
        commit_transaction(store, journal, record)
        return f"{record.id} is kept"

    def roll_back_because(reason: str) -> Answer:
        with signals.defer():
            return _answer(
                lambda: (
                    f"{record.id} was rolled back, {reason}: {roll_back(machine, journal, record)}"
                )
            )

    return Actions(lambda: _answer(keep), roll_back_because)


def unwrap_answer(answer: Answer) -> str:
    """Return the text of a good answer; raise the error of another."""
    if answer.code:
        error = BridgekitError(answer.text)
        error.exit_code = answer.code
        raise error
    return answer.text


def _answer(action: Callable[[], str]) -> Answer:
    try:
        return Answer(0, action())
    except BridgekitError as error:
        return Answer(error.exit_code, str(error))
    except OSError as error:
        return Answer(1, f"{error}; `bridgekit status` tells where things stand")
