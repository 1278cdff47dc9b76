"""This host, as what transactions act on."""

from functools import partial

from bridgekit.application.pxe_service import start_service
from bridgekit.host import machine
from bridgekit.transaction.carrier import Environment
from bridgekit.transaction.store import Store


def environment_of(store: Store) -> Environment:
    """Return the machine, the transactions in this folder, and how a PXE service is started."""
    return Environment(machine, store, partial(start_service, state_dir=store.folder))
