"""What follows a verified change: the files, then the PXE service. Executor and guard share it."""

from collections.abc import Callable

from bridgekit.errors import BridgekitError, PxeError
from bridgekit.host import machine
from bridgekit.system import signals
from bridgekit.transaction import executor
from bridgekit.transaction.guard import Answer
from bridgekit.transaction.guard_process import Actions
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.record import Record
from bridgekit.transaction.rollback import roll_back, roll_back_after
from bridgekit.transaction.store import Store


def finish(store: Store, journal: Journal, record: Record) -> None:
    """Commit the files and start the PXE service.

    RolledBackError if the files cannot be committed, PxeError if only the service fails.
    """
    try:
        with signals.defer():
            executor.commit(journal, record)
    except (BridgekitError, OSError) as error:
        raise roll_back_after(machine, journal, record, error) from error
    if record.service:
        start_service(store, record.service)


def start_service(store: Store, service: str) -> None:
    """Start the PXE service; on failure it is taken back whole and the network stays."""
    from bridgekit.pxe import lifecycle  # slow to import, and seldom needed
    from bridgekit.pxe.spec import PxeSpec

    try:
        with signals.raise_on_signal():
            lifecycle.up(PxeSpec.from_json(service), store.folder)
    except (BridgekitError, OSError) as error:
        raise PxeError(
            f"the bridge is made and committed, but without PXE: {error}\n"
            "`bridgekit pxe up` tries again."
        ) from error


def actions(store: Store, journal: Journal, record: Record) -> Actions:
    """Return what a guard may do with this transaction."""

    def confirm() -> Answer:
        def kept() -> str:
            finish(store, journal, record)
            return f"{record.id} is kept"

        return _answer(kept)

    def undo_because(why: str) -> Answer:
        with signals.defer():
            return _answer(
                lambda: f"{record.id} was undone, {why}: {roll_back(machine, journal, record)}"
            )

    return Actions(confirm, undo_because)


def _answer(action: Callable[[], str]) -> Answer:
    try:
        return Answer(0, action())
    except BridgekitError as error:
        return Answer(error.exit_code, str(error))
    except OSError as error:
        return Answer(1, f"{error}; `bridgekit status` tells where things stand")
