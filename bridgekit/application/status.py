"""`status`: the transactions and PXE services of this namespace, without reading any plan."""

from msgspec import Struct

from bridgekit.application.pxe_service import ServiceStatuses, service_statuses
from bridgekit.protocol.decide import State
from bridgekit.transaction.guard_socket import is_alive
from bridgekit.transaction.journal import Journal, RecordHead, boot_clock
from bridgekit.transaction.store import Store


class TransactionStatus(Struct, frozen=True):
    """One transaction; `seconds_left` only while it waits for a confirmation."""

    id: str
    state: State
    direction: str
    nic: str
    bridge: str
    created: float
    guarded: bool
    seconds_left: float | None = None


class Status(Struct, frozen=True):
    """The transactions and PXE services of a namespace.

    `damaged` are the ids of transactions whose record cannot be read.
    """

    transactions: tuple[TransactionStatus, ...]
    services: ServiceStatuses
    damaged: tuple[str, ...]


def read_status(store: Store) -> Status:
    """Return this namespace's transactions, oldest first, and its PXE services."""
    heads = ((journal, journal.head()) for journal in store.journals())
    return Status(
        transactions=tuple(_status(journal, head) for journal, head in heads if head),
        services=service_statuses(store.folder),
        damaged=tuple(journal.folder.name for journal in store.unreadable()),
    )


def _status(journal: Journal, head: RecordHead) -> TransactionStatus:
    state = journal.state()
    left = max(0.0, journal.deadline() - boot_clock()) if state == "pending" else None
    return TransactionStatus(
        id=head.id,
        state=state,
        direction=head.plan.intent.direction,
        nic=head.plan.intent.nic,
        bridge=head.plan.intent.bridge,
        created=head.created,
        guarded=journal.unfinished() and is_alive(journal.folder),
        seconds_left=left,
    )
