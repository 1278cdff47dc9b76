"""`confirm`, and every other decision on a change that waits for one."""

from contextlib import suppress

from bridgekit.application.commit import guard_actions, unwrap_answer
from bridgekit.application.recover import finish_interrupted
from bridgekit.errors import RefusedError, RollbackIncompleteError, RolledBackError
from bridgekit.system import signals
from bridgekit.transaction import guard_client
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.store import Store

REASON = "as asked for"


def confirm(store: Store, wanted: str | None) -> str:
    """Keep a pending change; return how it ended.

    Raises:
        RefusedError: No change waits, or not the one with the id `wanted`.
    """
    return send_decision(store, store.find(wanted, "pending"), guard_client.CONFIRM)


def reject(store: Store, id: str) -> str:
    """Roll back a pending change; return how it ended, raise if it was kept after all."""
    return send_decision(store, Journal(store.folder / id), guard_client.ROLLBACK)


def send_decision(store: Store, journal: Journal, word: bytes) -> str:
    """Keep or roll back a change that waits; return how it ended, raise if it ended otherwise.

    Its guard does it, if it has one. While we waited for the lock someone else may have decided,
    or a guard may have been killed at its work, which is then finished.
    """
    answer = guard_client.send_command(journal, word)
    if answer is not None:
        return unwrap_answer(answer)
    with store.lock(wait=True):
        if journal.state() == "pending":
            actions = guard_actions(store, journal, records.read(journal))
            answer = actions.commit() if word == guard_client.CONFIRM else actions.roll_back(REASON)
            return unwrap_answer(answer)
        with signals.defer():
            return _expect_decision(journal, finish_interrupted(store, journal), word)


def _expect_decision(journal: Journal, result: str, word: bytes) -> str:
    """Return the result if the transaction ended as the decision says, raise it otherwise."""
    kept = journal.state() in ("committed", "taken-back")
    if kept == (word == guard_client.CONFIRM):
        return result
    if kept:
        raise RefusedError(f"{result}; `bridgekit rollback` rolls it back")
    raise RolledBackError(result)


def await_decision(store: Store, id: str) -> str:
    """Wait for the end of a change whose time is up; return how it ended if it was kept.

    Raises:
        RolledBackError: It was not confirmed in time.
        RollbackIncompleteError: It was not, and the rollback left differences.
    """
    journal = Journal(store.folder / id)
    guard_client.wait_for_end(journal)
    if journal.unfinished():
        with suppress(RefusedError, RolledBackError):  # the journal says how it ended
            send_decision(store, journal, guard_client.ROLLBACK)
    if journal.state() == "committed":
        return f"{journal.folder.name} was confirmed from another session"
    if journal.state() == "incomplete":
        raise RollbackIncompleteError(
            f"{journal.folder.name} was rolled back, but:\n{journal.last_text()}"
        )
    reason = f"{journal.folder.name} was not confirmed in time: the host is as before"
    raise RolledBackError("\n".join(filter(None, [reason, journal.last_text()])))
