"""Carry out a plan as a transaction: lock, record, guard, change, verify; then keep or wait."""

import time
from contextlib import closing
from typing import Literal

from msgspec import Struct

from bridgekit.application.environment import environment_of
from bridgekit.application.freshness import check_fresh
from bridgekit.errors import RollbackIncompleteError, RolledBackError
from bridgekit.planning.plan import Plan
from bridgekit.protocol import programs
from bridgekit.protocol.effects import Ending
from bridgekit.system import signals
from bridgekit.system.progress import Report
from bridgekit.transaction import probes
from bridgekit.transaction.answer import rolled_back
from bridgekit.transaction.carrier import Environment, run
from bridgekit.transaction.executor import Applier
from bridgekit.transaction.journal import boot_clock
from bridgekit.transaction.record import Record
from bridgekit.transaction.store import Store


class ApplyOptions(Struct, frozen=True):
    """How to apply a plan.

    `confirm_within` is how many seconds to wait for `confirm`, None keeps the change at once.
    `service` is the PXE service as JSON; `rolls_back` the id of the transaction that is rolled
    back. `planned_under_lock`: the plan was made a moment ago, under the lock that is still held.
    """

    confirm_within: int | None = None
    probes: tuple[str, ...] = ()
    service: str | None = None
    rolls_back: str | None = None
    planned_under_lock: bool = False


class ApplyResult(Struct, frozen=True):
    """How it ended, and which way it led: `direction` is the intent's.

    "pending" waits for a confirmation until `deadline`, in seconds of the boot clock;
    "unchanged" was so already, and has no id.
    """

    nic: str
    bridge: str
    state: Literal["committed", "pending", "unchanged"]
    id: str = ""
    deadline: float = 0
    direction: Literal["bridge", "unbridge"] = "bridge"

    @property
    def seconds_left(self) -> float:
        """Return how long there is to confirm; negative when the time is up."""
        return self.deadline - boot_clock()


def apply_plan(store: Store, plan: Plan, options: ApplyOptions, report: Report) -> ApplyResult:
    """Carry out the plan, or leave the host as it was.

    Raises:
        RefusedError: The host is no longer what the plan was made for.
        RolledBackError: The change failed and was rolled back.
        RollbackIncompleteError: The change failed, and the rollback left differences.
        PxeError: The change is kept, but the PXE service failed.
        BusyError: Another transaction is at work.
    """
    store.prepare()
    environment = environment_of(store)
    with store.lock():
        with signals.raise_on_signal():
            result = _apply(environment, plan, options, report)
        if options.service and result.state == "committed":
            environment.start_service(options.service)
    return result


def _apply(
    environment: Environment, plan: Plan, options: ApplyOptions, report: Report
) -> ApplyResult:
    store, seconds = environment.store, options.confirm_within
    store.refuse_if_unfinished()
    store.disarm_finished()
    if not options.planned_under_lock:
        check_fresh(plan)
    record = _record(store, plan, options)
    silent = (one for one in options.probes if not _is_probed(one, record.probes))
    for probe in silent:
        report(f"warning: {probe} does not answer now, so it cannot tell anything afterwards")
    signals.block()
    with closing(Applier(environment, record, report, seconds)) as applier:
        program = programs.execute(len(plan.operations), confirm=seconds is not None)
        return _result(run(program, applier.perform), applier)


def _result(ending: Ending, applier: Applier) -> ApplyResult:
    """Return how it ended; raise the error of a change that is neither kept nor pending."""
    intent = applier.record.plan.intent
    state: Literal["committed", "pending"] = "committed" if ending == "kept" else "pending"
    if ending in ("kept", "pending"):
        deadline = applier.deadline or 0
        id, way = applier.record.id, intent.direction
        return ApplyResult(intent.nic, intent.bridge, state, id, deadline, way)
    if ending in ("busy", "refused") and applier.error:
        raise applier.error
    text = rolled_back(ending, applier)
    raise RolledBackError(text) if ending == "rolled-back" else RollbackIncompleteError(text)


def _is_probed(probe: str, probes: tuple[str, ...]) -> bool:
    """Return whether the probe is among these; dns:IP may stand there as dns:IP=CODE."""
    return any(one == probe or one.startswith(f"{probe}=") for one in probes)


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
