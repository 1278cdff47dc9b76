"""The verb `guard`, which is no verb for people: the guard process starts here."""

from contextlib import suppress
from pathlib import Path

import click

from bridgekit.application.guard import guard_transaction

OOM_SCORE = Path("/proc/self/oom_score_adj")


@click.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
def guard(folder: Path) -> None:
    """Guard the transaction in FOLDER until it is finished."""
    with suppress(OSError):
        OOM_SCORE.write_text("-1000")  # the last process to be killed for want of memory
    guard_transaction(folder)
