"""`plan --rollback`: from a committed migration to the plan that rolls it back."""

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from bridgekit.application.ifupdown import ifupdown_state
from bridgekit.application.plan import PlanRequest
from bridgekit.application.plan_unbridge import plan_rollback_of_bridge, plan_unbridge
from bridgekit.errors import RefusedError
from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.rollback import FILE_CHANGED_LATER, FILE_EDITED
from bridgekit.planning.plan import FileChange, Plan
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.planning.target_state import preserved_state
from bridgekit.system import atomic_file
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.record import Record
from bridgekit.transaction.store import Store


def plan_rollback(request: PlanRequest, store: Store) -> PlanResult:
    """Plan to roll back the last migration onto this bridge, or a bridge that others made."""
    journal = _last_migration(store, request.bridge)
    if journal is None:
        return plan_rollback_of_bridge(request.bridge, request.nic, request.interfaces_file)
    record = records.read(journal)
    nic = record.plan.intent.nic
    if request.nic not in (None, nic):
        raise RefusedError(f"{request.bridge} was made for {nic}; name that")
    return plan_rollback_of_record(store, record)


def find_rolled_back(store: Store, plan: Plan) -> str | None:
    """Return the id of the committed migration that this plan rolls back, if it does."""
    if plan.intent.direction == "bridge":
        return None
    journal = _last_migration(store, plan.intent.bridge)
    return journal.folder.name if journal else None


def _last_migration(store: Store, bridge: str) -> Journal | None:
    """Return the newest committed migration onto this bridge, None if there is none."""
    for journal in reversed(store.journals()):
        head = journal.head()
        ours = head is not None and head.plan.intent.bridge == bridge and head.rolls_back is None
        if ours and journal.state() == "committed":
            return journal
    return None


def plan_rollback_of_record(store: Store, record: Record, without: str | None = None) -> PlanResult:
    """Plan the rollback of a committed migration from the state the host is in now.

    `without` names a link to be left out of it: the PXE service's, which will be gone by then.
    """
    plan = record.plan
    preserved = preserved_state(plan.snapshot, plan.intent)
    intent = replace(plan.intent, direction="unbridge", preserved=preserved)
    changes, ifupdown = files_back(record), None
    if plan.ifupdown and changes:
        main = Path(plan.ifupdown.interfaces_file)
        ifupdown = ifupdown_state(main, changes, intent, plan.ifupdown.dialect)
    return plan_unbridge(intent, without, _edited(store, record, changes), changes, ifupdown)


def files_back(record: Record) -> tuple[FileChange, ...]:
    """Return the changes that restore the files that are not as before the migration."""
    back = (item.inverse() for item in record.plan.files)
    return tuple(item for item in back if atomic_file.read(Path(item.path)) != item.after)


def _edited(store: Store, record: Record, changes: tuple[FileChange, ...]) -> list[Finding]:
    edited = [c for c in changes if atomic_file.read(Path(c.path)) != c.before]
    if not edited:
        return []
    later = [other for change in edited for other in _later(store, record, change)]
    if later:
        id, bridge = later[-1].id, later[-1].plan.intent.bridge
        text = f"{edited[-1].path} was changed by {id} since, which made {bridge}"
        return [FILE_CHANGED_LATER.finding(text, id=id)]
    return [FILE_EDITED.finding(f"{change.path} was edited since") for change in edited]


def _later(store: Store, record: Record, change: FileChange) -> Iterator[Record]:
    """Yield the committed migrations after this one that changed the file too, in their order."""
    for journal in store.journals():
        head = journal.head()
        if head is None or head.rolls_back or journal.state() != "committed":
            continue
        other = records.read(journal)
        if other.created > record.created and change.path in {c.path for c in other.plan.files}:
            yield other
