"""The guard's entry: not a verb for people."""

import os
from pathlib import Path

import click

from bridgekit.application import finishing
from bridgekit.transaction import guard as guarding
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.store import Store


@click.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("ready_fd", type=int)
def guard(folder: Path, ready_fd: int) -> None:
    """Guard the transaction in FOLDER; say on READY_FD when armed."""
    store, journal = Store(folder.parent), Journal(folder)
    actions = finishing.actions(store, journal, journal.record())

    def armed() -> None:
        os.write(ready_fd, b"\n")
        os.close(ready_fd)

    guarding.serve(store, journal, actions, armed)
