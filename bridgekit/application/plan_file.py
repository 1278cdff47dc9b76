"""A plan in a file: written by `plan --out`, read by `apply --plan`."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from bridgekit.application import persist
from bridgekit.application.ifupdown import choose_options
from bridgekit.application.plan import PlanRequest
from bridgekit.application.plan_rollback import files_back, find_rolled_back
from bridgekit.errors import RefusedError, UsageError, refuse_on_error
from bridgekit.persistence.ifupdown.rewrite import Source
from bridgekit.planning import codec
from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.planning.plan import FileChange, Plan
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.planning.target_state import target_state
from bridgekit.system import atomic_file
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.store import Store


def write_plan(path: Path, result: PlanResult) -> None:
    """Save the plan; raise RefusedError if the file cannot be written."""
    with refuse_on_error():
        atomic_file.write(path, codec.encode(result.plan))


def read_plan(path: Path, request: PlanRequest, store: Store) -> PlanResult:
    """Read a plan.

    Raises:
        UsageError: The request asks for something else.
        RefusedError: The file cannot be read, changes files that are none of ifupdown's, or writes
            what this program would not write.
    """
    with refuse_on_error():
        plan = codec.decode(atomic_file.read_regular(path))
    if _contradicts(request, plan.intent):
        raise UsageError(f"{path} says otherwise, for {plan.intent.nic}; make a new plan")
    unknown = persist.outside(request.interfaces_file, plan.files)
    if unknown:
        raise RefusedError(
            f"{path} changes {', '.join(unknown)}, no interfaces file that is known here;"
            " nothing was changed (--interfaces-file names another)"
        )
    stale = any(atomic_file.read(Path(one.path)) != one.before for one in plan.files)
    if not stale and plan.files not in _own_changes(plan, store):
        names = ", ".join(one.path for one in plan.files)
        raise RefusedError(
            f"{path} writes to {names} what does not follow from its intent;"
            " nothing was changed; plan again, for another version may have made it"
        )
    return PlanResult(plan, (), already_done=not plan.operations)


def _own_changes(plan: Plan, store: Store) -> Iterator[tuple[FileChange, ...]]:
    """Yield the file changes that this program would make for the plan: a plan is anyone's file."""
    yield ()
    intent, ifupdown = plan.intent, plan.ifupdown
    if intent.direction == "unbridge":
        id = find_rolled_back(store, plan)
        if id:
            yield files_back(records.read(Journal(store.folder / id)))
    elif ifupdown:
        main, after = Path(ifupdown.interfaces_file), target_state(plan.snapshot, intent)
        for source in get_args(Source):
            options = choose_options(ifupdown.dialect, source)
            yield persist.file_changes(main, plan.snapshot, after, intent, options)[0]


def _contradicts(request: PlanRequest, intent: Intent) -> bool:
    """Return whether the request has an option that the plan was made without."""
    other_nic = request.nic not in (None, intent.nic)
    other_spec = request.spec not in (BridgeSpec(), intent.spec)
    other_files = request.persist != "live" or request.dialect is not None
    return other_nic or other_spec or other_files or (request.force and not intent.force)
