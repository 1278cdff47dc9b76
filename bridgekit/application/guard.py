"""`guard`: keep watch over a change until it is kept or rolled back."""

from pathlib import Path

from bridgekit.application.environment import environment_of
from bridgekit.errors import RefusedError
from bridgekit.transaction import guard
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.store import Store


def guard_transaction(folder: Path) -> None:
    """Guard the transaction in the folder until it is finished.

    Raises:
        RefusedError: It belongs to another network namespace or boot.
    """
    store, journal = Store(folder.parent), Journal(folder)
    record = records.read(journal)
    if record.namespace != store.namespace:
        raise RefusedError(f"{record.id} belongs to another network namespace or boot")
    guard.serve(environment_of(store), journal)
