"""The record of a transaction: written once, whole and synced, before the first change."""

from pathlib import Path

import msgspec
from msgspec import Struct

from bridgekit.errors import refuse_on_error
from bridgekit.planning import codec
from bridgekit.planning.plan import Plan
from bridgekit.planning.target_state import target_state
from bridgekit.state.network_state import NetworkState
from bridgekit.system import atomic_file, systemd
from bridgekit.system.namespaces import NamespaceId
from bridgekit.transaction.journal import RECORD, VERSION, Journal, read_record, with_checksum


class Record(Struct, frozen=True):
    """The plan of a transaction, and where it runs. `service` is the PXE service to start, JSON.

    `created` is in seconds since 1970; `rolls_back` names the
    transaction that this one rolls back.
    """

    id: str
    namespace: NamespaceId
    created: float
    plan: Plan
    probes: tuple[str, ...] = ()
    service: str | None = None
    rolls_back: str | None = None

    @property
    def target(self) -> NetworkState:
        """Return the state that the change leads to."""
        return target_state(self.plan.snapshot, self.plan.intent)


class _Stored(Struct, frozen=True, rename={"namespace": "place", "rolls_back": "undoes"}):
    version: int
    id: str
    namespace: NamespaceId
    created: float
    plan: msgspec.Raw
    probes: tuple[str, ...]
    service: str | None
    rolls_back: str | None


def create(state_dir: Path, record: Record) -> Journal:
    """Write the record and sync it: from here on a crash can be rolled back.

    Raises:
        RefusedError: it cannot be written; nothing was changed.
    """
    journal = Journal(state_dir / record.id)
    try:
        with refuse_on_error():
            journal.folder.mkdir(mode=0o700)
            if record.namespace.permanent:
                systemd.arm(record.id, state_dir)
            atomic_file.write(journal.folder / RECORD, with_checksum(_encoded(record)))
            atomic_file.sync_folder(state_dir)
    except BaseException:
        journal.discard()
        raise
    return journal


def _encoded(record: Record) -> bytes:
    return msgspec.json.encode(
        _Stored(
            version=VERSION,
            id=record.id,
            namespace=record.namespace,
            created=record.created,
            plan=msgspec.Raw(codec.encode(record.plan)),
            probes=record.probes,
            service=record.service,
            rolls_back=record.rolls_back,
        )
    )


def read(journal: Journal) -> Record:
    """Return the transaction's record; BridgekitError if it is damaged or of another version."""
    found = read_record(journal.folder, _Stored)
    return Record(
        id=found.id,
        namespace=found.namespace,
        created=found.created,
        plan=codec.decode(bytes(found.plan)),
        probes=found.probes,
        service=found.service,
        rolls_back=found.rolls_back,
    )
