"""The countdown of a change that waits for its confirmation."""

import os
import select
import signal
import sys
import termios

import click

from bridgekit.application.decide import await_decision, confirm, reject
from bridgekit.application.execute import ApplyResult
from bridgekit.cli.options import interactive
from bridgekit.errors import RolledBackError
from bridgekit.system import signals
from bridgekit.transaction.store import Store


def count_down(store: Store, result: ApplyResult) -> str:
    """Return how a pending change ends, decided at the terminal; without one, that it waits.

    ENTER keeps the change, Ctrl-C rolls it back; without either the guard rolls it back.
    """
    if not interactive():
        left = result.seconds_left
        return f"{result.id} is pending: `bridgekit confirm` within {left:.0f} s keeps it"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # once decided, the end is reported whatever comes
    try:
        with signals.raise_on_signal(signal.SIGINT):  # a session that is gone decides nothing
            typed = _read_key(result)
    except signals.SignalError:
        with signals.defer():
            raise RolledBackError(reject(store, result.id)) from None
    if typed:
        return confirm(store, result.id)
    if typed == b"":
        return f"{result.id} still waits: `bridgekit confirm` keeps it"
    return await_decision(store, result.id)


def _read_key(result: ApplyResult) -> bytes | None:
    """Return what was typed, empty at the end of the input; None if the time is up.

    What was typed before the question does not answer it.
    """
    keyboard = sys.stdin.fileno()
    termios.tcflush(keyboard, termios.TCIFLUSH)
    while (left := result.seconds_left) > 0:
        text = f"\rENTER keeps it, Ctrl-C rolls it back, {left:3.0f} s left "
        click.echo(text, nl=False, err=True)
        if select.select([keyboard], [], [], min(1.0, left))[0]:
            return os.read(keyboard, 4096)
    click.echo("", err=True)
    return None
