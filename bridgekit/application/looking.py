"""Look at what was done, without reading any plan."""

from collections.abc import Iterator

from msgspec import Struct

from bridgekit.transaction import guard
from bridgekit.transaction.journal import Journal, RecordHead, State, boot_clock
from bridgekit.transaction.store import Store


class Status(Struct, frozen=True):
    """One transaction; `seconds_left` only while it waits for a confirmation."""

    id: str
    state: State
    direction: str
    nic: str
    bridge: str
    created: float
    guarded: bool
    seconds_left: float | None = None


def statuses(store: Store) -> tuple[Status, ...]:
    """Return this namespace's transactions, oldest first."""
    return tuple(_statuses(store))


def _statuses(store: Store) -> Iterator[Status]:
    for journal in store.journals():
        head = journal.head()
        if head:
            yield _status(journal, head)


def _status(journal: Journal, head: RecordHead) -> Status:
    state = journal.state()
    left = max(0.0, journal.deadline() - boot_clock()) if state == "pending" else None
    return Status(
        id=head.id,
        state=state,
        direction=head.plan.intent.direction,
        nic=head.plan.intent.nic,
        bridge=head.plan.intent.bridge,
        created=head.created,
        guarded=journal.unfinished() and guard.is_alive(journal),
        seconds_left=left,
    )
