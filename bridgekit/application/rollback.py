"""`rollback`: decide against a pending change, or roll back the last committed one."""

from collections.abc import Callable
from functools import partial

from bridgekit.application.decide import send_decision
from bridgekit.application.execute import ApplyOptions, apply_plan
from bridgekit.application.plan_rollback import plan_rollback_of_record
from bridgekit.application.plan_unbridge import plan_rollback_of_bridge
from bridgekit.application.pxe_service import service_paused
from bridgekit.errors import RefusedError
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.system.progress import Report
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.store import Store

PlanWithout = Callable[[str | None], PlanResult]
"""Plan a rollback as if the link of this name were gone already."""


def rollback(
    store: Store, wanted: str | None, bridge: str | None, other_bridge: str | None, report: Report
) -> str:
    """Roll back the pending change, or else the last committed one, files included.

    With `bridge` only what concerns that one. If there is nothing of ours, roll back the bridge
    `other_bridge`, which something else made.
    """
    journal = _find_migration(store, wanted, bridge)
    if journal is None and other_bridge and not wanted:
        plan = partial(plan_rollback_of_bridge, other_bridge)
        result, id = _apply(store, other_bridge, lambda port: plan(without=port), None, report)
        return f"{id} removed the bridge {other_bridge}: {result.plan.intent.nic} has its state"
    if journal is None and wanted:
        raise RefusedError(f"there is no migration {wanted} here to roll back; nothing was changed")
    if journal is None:
        raise RefusedError(
            "there is no migration here that could be rolled back; nothing was changed;"
            " `bridgekit rollback --bridge NAME` removes a bridge that something else made"
        )
    record = records.read(journal)
    if journal.state() == "pending":
        return send_decision(store, journal, "rollback")
    plan_without = partial(plan_rollback_of_record, store, record)
    result, id = _apply(store, record.plan.intent.bridge, plan_without, record.id, report)
    return f"{record.id} was rolled back by {id}: {result.plan.intent.nic} is as before"


def _apply(
    store: Store, bridge: str, plan_without: PlanWithout, rolls_back: str | None, report: Report
) -> tuple[PlanResult, str]:
    """Apply the plan, made anew under the lock; return it with the id of its transaction."""

    def check(port: str | None) -> None:
        _refuse(bridge, plan_without(port))

    with service_paused(bridge, store.folder, check, report):
        store.prepare()
        with store.lock():
            result = plan_without(None)
            _refuse(bridge, result)
            for finding in result.findings:
                report(f"{finding.level}: {finding.message}; {finding.advice}")
            options = ApplyOptions(rolls_back=rolls_back, planned_under_lock=True)
            return result, apply_plan(store, result.plan, options, report).id


def _refuse(bridge: str, result: PlanResult) -> None:
    if result.refusals:
        reasons = "\n".join(f"  {finding.message}: {finding.advice}" for finding in result.refusals)
        raise RefusedError(f"{bridge} cannot be rolled back as things are:\n{reasons}")


def _find_migration(store: Store, wanted: str | None, bridge: str | None) -> Journal | None:
    """Return the pending migration, else the newest committed one, None if there is neither."""
    journals = [one for one in store.journals() if bridge is None or _bridge_of(one) == bridge]
    pending = [journal for journal in journals if journal.state() == "pending"]
    if pending and wanted in (None, pending[-1].folder.name):
        return pending[-1]
    store.refuse_if_unfinished()
    for journal in reversed(journals):
        fits = wanted in (None, journal.folder.name) and journal.state() == "committed"
        head = journal.head()
        if fits and head and head.rolls_back is None:
            return journal
    return None


def _bridge_of(journal: Journal) -> str | None:
    head = journal.head()
    return head.plan.intent.bridge if head else None
