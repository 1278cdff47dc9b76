"""The guard's entry: not a verb for people."""

import contextlib
from pathlib import Path

import click

from bridgekit.application import finishing
from bridgekit.errors import RefusedError
from bridgekit.transaction import guard_process
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.store import Store

OOM_SCORE = Path("/proc/self/oom_score_adj")


@click.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
def guard(folder: Path) -> None:
    """Guard the transaction in FOLDER until it is finished."""
    with contextlib.suppress(OSError):
        OOM_SCORE.write_text("-1000")  # the last one to be ended for want of memory
    store, journal = Store(folder.parent), Journal(folder)
    record = records.read(journal)
    if record.namespace != store.namespace:
        raise RefusedError(f"{record.id} belongs to another network namespace or boot")
    guard_process.serve(store, journal, finishing.actions(store, journal, record))
