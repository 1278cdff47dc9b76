"""A plan in a file: written by `plan --out`, read by `apply --plan`."""

from pathlib import Path

from bridgekit.application import persist
from bridgekit.application.plan import PlanRequest
from bridgekit.errors import RefusedError, UsageError, refuse_on_error
from bridgekit.planning import codec
from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.system import atomic_file


def write_plan(path: Path, result: PlanResult) -> None:
    """Save the plan; raise RefusedError if the file cannot be written."""
    with refuse_on_error():
        atomic_file.write(path, codec.encode(result.plan))


def read_plan(path: Path, request: PlanRequest) -> PlanResult:
    """Read a plan.

    Raises:
        UsageError: The request asks for something else.
        RefusedError: The file cannot be read, or changes files that are none of ifupdown's.
    """
    with refuse_on_error():
        plan = codec.decode(path.read_bytes())
    if _contradicts(request, plan.intent):
        raise UsageError(f"{path} says otherwise, for {plan.intent.nic}; make a new plan")
    unknown = persist.outside(request.interfaces_file, plan.files)
    if unknown:
        raise RefusedError(
            f"{path} changes {', '.join(unknown)}, no interfaces file that is known here;"
            " nothing was changed (--interfaces-file names another)"
        )
    return PlanResult(plan, (), already_done=not plan.operations)


def _contradicts(request: PlanRequest, intent: Intent) -> bool:
    """Return whether the request has an option that the plan was made without."""
    other_nic = request.nic not in (None, intent.nic)
    other_spec = request.spec not in (BridgeSpec(), intent.spec)
    other_files = request.persist != "live" or request.dialect is not None
    return other_nic or other_spec or other_files or (request.force and not intent.force)
