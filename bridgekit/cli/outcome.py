"""How a change ended, and the countdown of one that waits."""

import os
import select
import signal
import sys
import termios

import click

from bridgekit.application import deciding
from bridgekit.application.applying import Outcome
from bridgekit.cli.options import as_json_text, say
from bridgekit.errors import RolledBackError
from bridgekit.planning.intent import Intent
from bridgekit.system import signals
from bridgekit.transaction import guard
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # once it is decided, how it ends is told
    try:
        with signals.raise_on_signal(signal.SIGINT):  # a session that is gone decides nothing
            word = _typed(outcome)
    except signals.SignalError:
        with signals.defer():
            raise RolledBackError(deciding.decided(store, journal, guard.ROLLBACK)) from None
    if word:
        return deciding.confirm(store, outcome.id)
    if word == b"":
        return f"{outcome.id} still waits: `bridgekit confirm` keeps it"
    return deciding.awaited(store, journal)


def _typed(outcome: Outcome) -> bytes | None:
    """Return what was typed, empty at the end of the input; None if the time is up.

    What was typed before the question does not answer it.
    """
    keyboard = sys.stdin.fileno()
    termios.tcflush(keyboard, termios.TCIFLUSH)
    while (left := outcome.deadline - boot_clock()) > 0:
        click.echo(f"\rENTER keeps it, Ctrl-C undoes it, {left:3.0f} s left ", nl=False, err=True)
        if select.select([keyboard], [], [], min(1.0, left))[0]:
            return os.read(keyboard, 4096)
    click.echo("", err=True)
    return None
