"""Carry out a plan as a transaction: lock, record, guard, change, verify; then keep or wait."""

import time
from contextlib import ExitStack
from typing import Literal

from msgspec import Struct

from bridgekit.application.freshness import check_fresh
from bridgekit.application.pxe_service import start_service
from bridgekit.host import machine
from bridgekit.planning.plan import Plan
from bridgekit.system import signals
from bridgekit.system.progress import Say
from bridgekit.transaction import executor, guard_client, probes
from bridgekit.transaction import record as records
from bridgekit.transaction.commit import commit
from bridgekit.transaction.journal import Entry, Journal, boot_clock
from bridgekit.transaction.record import Record
from bridgekit.transaction.rollback import roll_back_after
from bridgekit.transaction.store import Store


class ApplyOptions(Struct, frozen=True):
    """How to apply a plan.

    `confirm_within` is how many seconds to wait for `confirm`, None keeps the change at once.
    `service` is the PXE service as JSON; `rolls_back` the id of the transaction that is rolled
    back. `fresh`: the plan was made a moment ago, under the lock that is still held.
    """

    confirm_within: int | None = None
    probes: tuple[str, ...] = ()
    service: str | None = None
    rolls_back: str | None = None
    fresh: bool = False


class ApplyResult(Struct, frozen=True):
    """How it ended.

    "pending" waits for a confirmation until `deadline`, in seconds of the boot clock;
    "unchanged" was so already, and has no id.
    """

    nic: str
    bridge: str
    state: Literal["committed", "pending", "unchanged"]
    id: str = ""
    deadline: float = 0

    @property
    def seconds_left(self) -> float:
        """Return how long there is to confirm; negative when the time is up."""
        return self.deadline - boot_clock()


def apply_plan(store: Store, plan: Plan, options: ApplyOptions, report: Say) -> ApplyResult:
    """Carry out the plan, or leave the host as it was.

    Raises:
        RefusedError: The host is no longer what the plan was made for.
        RolledBackError: The change failed and was rolled back.
        RollbackIncompleteError: The change failed, and the rollback left differences.
        PxeError: The change is kept, but the PXE service failed.
        BusyError: Another transaction is at work.
    """
    store.prepare()
    with store.lock():
        with signals.raise_on_signal():
            record, result = _apply(store, plan, options, report)
        if record.service and result.state == "committed":
            start_service(record.service, store.folder)
    return result


def _apply(
    store: Store, plan: Plan, options: ApplyOptions, report: Say
) -> tuple[Record, ApplyResult]:
    store.refuse_if_unfinished()
    store.disarm_finished()
    if not options.fresh:
        check_fresh(plan)
    record = _record(store, plan, options)
    for probe in (probe for probe in options.probes if probe not in record.probes):
        report(f"warning: {probe} does not answer now, so it cannot tell anything afterwards")
    deferred = ExitStack()
    deferred.enter_context(signals.defer())
    journal = records.create(store.folder, record)
    try:
        deferred.close()
        with guard_client.guarding(journal):
            executor.execute_plan(machine, journal, record, report)
            signals.block()
            return record, _keep_or_wait(journal, record, options, report)
    except BaseException as error:
        signals.block()
        raise roll_back_after(machine, journal, record, error) from error


def _keep_or_wait(
    journal: Journal, record: Record, options: ApplyOptions, report: Say
) -> ApplyResult:
    """Commit the change, or let it wait; from here only a failure rolls it back."""
    nic, bridge = record.plan.intent.nic, record.plan.intent.bridge
    if options.confirm_within is None:
        report("as expected; writing the files" if record.plan.files else "as expected")
        commit(journal, record)
        return ApplyResult(nic, bridge, "committed", record.id)
    deadline = boot_clock() + options.confirm_within
    journal.write(Entry("pending", deadline=deadline))
    return ApplyResult(nic, bridge, "pending", record.id, deadline)


def _record(store: Store, plan: Plan, options: ApplyOptions) -> Record:
    before = plan.intent.link_before
    implied = (*probes.gateway_probes(plan.snapshot.routes, before), *probes.resolver_probes())
    wanted = (*implied, *probes.ssh_probe(), *options.probes)
    return Record(
        id=store.new_id(),
        namespace=store.namespace,
        created=time.time(),
        plan=plan,
        probes=probes.answering(wanted, before),
        service=options.service,
        rolls_back=options.rolls_back,
    )
