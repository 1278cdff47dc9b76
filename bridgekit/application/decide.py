"""`confirm`, and every other decision on a change that waits for one."""

import time
from contextlib import closing
from typing import Literal

from bridgekit.application.environment import environment_of
from bridgekit.errors import BridgekitError, RollbackIncompleteError, RolledBackError
from bridgekit.protocol.programs import give_order
from bridgekit.transaction.answer import answer, unwrap
from bridgekit.transaction.carrier import run
from bridgekit.transaction.command import Decider
from bridgekit.transaction.guard_socket import is_alive
from bridgekit.transaction.journal import Journal, boot_clock
from bridgekit.transaction.store import Store

LOOK_SECONDS = 0.1
GRACE_SECONDS = 3.0
"""How long after its deadline a change is left to its guard."""


def confirm(store: Store, wanted: str | None) -> str:
    """Keep a pending change; return how it ended.

    Raises:
        RefusedError: No change waits, or not the one with the id `wanted`; or the host is no
            longer as it was verified.
    """
    return send_decision(store, store.find(wanted, "pending"), "confirm")


def reject(store: Store, id: str) -> str:
    """Roll back a pending change; return how it ended, raise if it was kept after all."""
    return send_decision(store, Journal(store.folder / id), "rollback")


def send_decision(store: Store, journal: Journal, reason: Literal["confirm", "rollback"]) -> str:
    """Keep or roll back a change that waits; return how it ended, raise if it ended otherwise.

    Its guard does it; if no guard moves any more, this process.
    """
    with closing(Decider(environment_of(store), journal)) as decider:
        ending = run(give_order(reason), decider.perform)
        return unwrap(decider.answered or answer(reason, ending, decider))


def await_decision(store: Store, id: str) -> str:
    """Wait for the end of a change whose time is up; return how it ended if it was kept.

    Raises:
        RolledBackError: It was not confirmed in time.
        RollbackIncompleteError: It was not, and the rollback left differences.
    """
    journal = Journal(store.folder / id)
    _wait_for_guard(journal)
    if journal.unfinished():
        try:
            send_decision(store, journal, "rollback")
        except BridgekitError:
            if journal.unfinished():  # else the journal says how it ended
                raise
    if journal.state() == "committed":
        return f"{journal.folder.name} was confirmed from another session"
    if journal.state() == "incomplete":
        raise RollbackIncompleteError(
            f"{journal.folder.name} was rolled back, but:\n{journal.last_text()}"
        )
    reason = f"{journal.folder.name} was not confirmed in time: the host is as before"
    raise RolledBackError("\n".join(filter(None, [reason, journal.last_text()])))


def _wait_for_guard(journal: Journal) -> None:
    """Wait until the guard has decided; not for one that is gone, or late."""
    until = journal.deadline() + GRACE_SECONDS
    while journal.unfinished() and is_alive(journal.folder) and boot_clock() < until:
        time.sleep(LOOK_SECONDS)
