"""`apply`: plan or read a plan, have it approved, carry it out."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from msgspec import Struct

from bridgekit.application.execute import ApplyOptions, ApplyResult, apply_plan
from bridgekit.application.plan import PlanRequest, plan_bridge
from bridgekit.application.plan_file import read_plan
from bridgekit.application.plan_rollback import find_rolled_back
from bridgekit.application.pxe_service import PlannedService, plan_service
from bridgekit.errors import RefusedError
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.system import signals
from bridgekit.system.progress import Report
from bridgekit.transaction import probes
from bridgekit.transaction.store import Store


class ApplyRequest(Struct, frozen=True):
    """What the user asks of `apply`; `plan_file` takes the place of a new plan."""

    plan: PlanRequest
    plan_file: Path | None = None
    confirm_within: int | None = None
    probes: tuple[str, ...] = ()


class ApplyDialog(Struct, frozen=True):
    """How `apply` talks with the user.

    `approve` raises RefusedError if the user does not agree; None asks nobody.
    """

    report: Report
    show_findings: Callable[[PlanResult], None]
    approve: Callable[[PlanResult], None] | None = None


def apply_request(store: Store, request: ApplyRequest, dialog: ApplyDialog) -> ApplyResult:
    """Carry out what is asked, or leave the host as it was; see `apply_plan` for the errors.

    Where nobody has to approve the plan, it is made under the lock and needs no second look.
    """
    store.refuse_if_unfinished()
    wanted = tuple(map(probes.parse_probe, request.probes))
    under_lock = not (dialog.approve or request.plan_file or request.plan.pxe)
    if under_lock:
        store.prepare()
    with store.lock() if under_lock else nullcontext():
        result = _plan(store, request, dialog)
        service = plan_service(request.plan.pxe, result)
        if result.already_done:
            return _unchanged(store, result, service, dialog.report)
        if dialog.approve:
            dialog.approve(result)
        options = ApplyOptions(
            confirm_within=request.confirm_within,
            probes=wanted,
            service=service.prepare(store.folder) if service else None,
            rolls_back=find_rolled_back(store, result.plan),
            planned_under_lock=under_lock,
        )
        return apply_plan(store, result.plan, options, dialog.report)


def _plan(store: Store, request: ApplyRequest, dialog: ApplyDialog) -> PlanResult:
    if request.plan_file:
        return read_plan(request.plan_file, request.plan, store)
    result = plan_bridge(request.plan, store)
    refuse_refused(result)
    dialog.show_findings(result)
    return result


def refuse_refused(result: PlanResult) -> None:
    """Raise RefusedError if a finding stops the change."""
    if result.refusals:
        reasons = "; ".join(f"{one.message} ({one.advice})" for one in result.refusals)
        raise RefusedError(f"{reasons}; nothing was changed")


def _unchanged(
    store: Store, result: PlanResult, service: PlannedService | None, report: Report
) -> ApplyResult:
    """Start the service on the bridge that is there already."""
    with signals.raise_on_signal():
        if service and service.start(store.folder):
            report("the PXE service runs")
    intent = result.plan.intent
    return ApplyResult(intent.nic, intent.bridge, "unchanged", direction=intent.direction)
