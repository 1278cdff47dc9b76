"""How a change ended, and the countdown of one that waits."""

import select
import signal
import sys

import click

from bridgekit.application import deciding
from bridgekit.application.applying import Outcome
from bridgekit.cli.options import as_json_text, say
from bridgekit.errors import RolledBack
from bridgekit.migration.intent import Intent
from bridgekit.transaction import guard, signals
from bridgekit.transaction.journal import Journal, boot_clock
from bridgekit.transaction.store import Store


def told(intent: Intent, outcome: Outcome, as_json: bool) -> None:
    """Say how a change ended."""
    if as_json:
        values = {"id": outcome.id, "state": outcome.state, "nic": intent.nic}
        click.echo(as_json_text(values | {"bridge": intent.bridge}))
    elif outcome.state == "pending":
        left = outcome.deadline - boot_clock()
        click.echo(f"{outcome.id} is pending: `bridgekit confirm` within {left:.0f} s keeps it")
    else:
        say(f"{outcome.id} is committed: {intent.nic} is a port of {intent.bridge}")


def decided(store: Store, outcome: Outcome) -> str:
    """Count down; ENTER keeps the change, Ctrl-C undoes it, silence lets the guard undo it."""
    journal = Journal(store.folder / outcome.id)
    try:
        with signals.raised(signal.SIGINT):  # a session that is gone decides nothing
            word = _typed(outcome)
    except signals.Interrupted:
        with signals.deferred():
            raise RolledBack(deciding.decided(store, journal, guard.UNDO)) from None
    if word:
        return deciding.confirm(store, outcome.id)
    if word == "":
        return f"{outcome.id} still waits: `bridgekit confirm` keeps it"
    return deciding.awaited(store, journal)


def _typed(outcome: Outcome) -> str | None:
    """Return the line that was typed, empty at the end of the input; None if the time is up."""
    while (left := outcome.deadline - boot_clock()) > 0:
        click.echo(f"\rENTER keeps it, Ctrl-C undoes it, {left:3.0f} s left ", nl=False, err=True)
        if select.select([sys.stdin], [], [], min(1.0, left))[0]:
            return sys.stdin.readline()
    click.echo("", err=True)
    return None
