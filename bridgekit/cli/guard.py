"""The guard's entry: not a verb for people."""

import socket
from pathlib import Path

import click

from bridgekit.application import finishing
from bridgekit.transaction import guard as guarding
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.store import Store


@click.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("lifeline", type=int)
def guard(folder: Path, lifeline: int) -> None:
    """Guard the transaction in FOLDER whose executor has the other end of the LIFELINE (fd)."""
    store, journal = Store(folder.parent), Journal(folder)
    actions = finishing.actions(store, journal, journal.record())
    guarding.serve(store, journal, actions, socket.socket(fileno=lifeline))
