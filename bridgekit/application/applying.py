"""Carry out a plan as a transaction: lock, record, guard, change, verify, and then keep or wait."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from msgspec import Struct

from bridgekit.application import booting, finishing
from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.host import machine
from bridgekit.planning.checks.preconditions import check_intent
from bridgekit.planning.diff import differences
from bridgekit.planning.operations.dhcp_client import unidentified_clients
from bridgekit.planning.plan import Plan
from bridgekit.system import atomic_file, signals
from bridgekit.transaction import executor, guard, probes
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Entry, Journal, boot_clock
from bridgekit.transaction.record import Record
from bridgekit.transaction.rollback import roll_back_after
from bridgekit.transaction.store import Store

Tell = Callable[[str], None]


class Terms(Struct, frozen=True):
    """How to apply: seconds to wait for `confirm`, or None; probes; PXE service; what it undoes.

    `fresh`: the plan was made a moment ago, under the lock that is still held.
    """

    confirm_within: int | None = None
    probes: tuple[str, ...] = ()
    service: str | None = None
    rolls_back: str | None = None
    fresh: bool = False


class Outcome(Struct, frozen=True):
    """How it ended: `pending` waits for a confirmation until `deadline` (boot clock, seconds)."""

    id: str
    state: Literal["committed", "pending"]
    deadline: float = 0


def apply(store: Store, plan: Plan, terms: Terms, tell: Tell) -> Outcome:
    """Carry out the plan, or leave the host as it was.

    RefusedError if the host is no longer what the plan was made for; RolledBackError,
    RollbackIncompleteError, PxeError as their names say; BusyError if another transaction is at
    work.
    """
    store.prepare()
    with store.lock():
        with signals.raise_on_signal():
            record, outcome = _applied(store, plan, terms, tell)
        if record.service and outcome.state == "committed":
            finishing.start_service(store, record.service)
    return outcome


def _applied(store: Store, plan: Plan, terms: Terms, tell: Tell) -> tuple[Record, Outcome]:
    store.refuse_if_unfinished()
    store.disarm_finished()
    if not terms.fresh:
        _check_fresh(plan)
    record = _record(store, plan, terms)
    for probe in (probe for probe in terms.probes if probe not in record.probes):
        tell(f"warning: {probe} does not answer now, so it cannot tell anything afterwards")
    waiting = ExitStack()
    waiting.enter_context(signals.defer())
    journal = records.create(store.folder, record)
    try:
        waiting.close()
        with guard.guarding(journal):
            executor.execute_plan(machine, journal, record, tell)
            signals.block()
            return record, _decided(journal, record, terms, tell)
    except BaseException as error:
        signals.block()
        raise roll_back_after(machine, journal, record, error) from error


def _decided(journal: Journal, record: Record, terms: Terms, tell: Tell) -> Outcome:
    """Commit the change, or let it wait; nothing but a failure takes it back from here."""
    if terms.confirm_within is None:
        tell("as expected; writing the files" if record.plan.files else "as expected")
        executor.commit(journal, record)
        return Outcome(record.id, "committed")
    deadline = boot_clock() + terms.confirm_within
    journal.write(Entry("pending", deadline=deadline))
    return Outcome(record.id, "pending", deadline)


def _record(store: Store, plan: Plan, terms: Terms) -> Record:
    before = plan.intent.link_before
    asked = (*probes.gateway_probes(plan.snapshot.routes, before), *probes.resolver_probes())
    wanted = (*asked, *probes.ssh_probe(), *terms.probes)
    return Record(
        id=store.new_id(),
        namespace=store.namespace,
        created=time.time(),
        plan=plan,
        probes=probes.answering(wanted, before),
        service=terms.service,
        rolls_back=terms.rolls_back,
    )


def _check_fresh(plan: Plan) -> None:
    links = plan.intent.links
    now = machine.snapshot(*links)
    if plan.intent.direction == "bridge":
        now = machine.with_dependencies(now, plan.intent.nic)
    for found in check_intent(now, plan.intent):
        if found.level == "refuse":
            raise RefusedError(f"{found.message}: {found.advice}. Nothing was changed.")
    for client in unidentified_clients(plan.operations, now.clients):
        raise RefusedError(
            f"the plan's {client} is not what runs here. Plan again. Nothing was changed."
        )
    boot = plan.ifupdown and booting.boot(
        Path(plan.ifupdown.interfaces_file), plan.files, plan.intent, plan.ifupdown.dialect
    )
    if boot != plan.ifupdown or bool(boot) != bool(plan.files):
        raise RefusedError("the plan says of its files what they do not say. Plan again.")
    changed = differences(plan.snapshot, now, links)
    edited = [item.path for item in plan.files if atomic_file.read(Path(item.path)) != item.before]
    if changed or edited:
        what = "\n".join(f"  {one}" for one in (*changed, *(f"edited: {path}" for path in edited)))
        raise RefusedError(f"the host changed since this plan was made:\n{what}\nPlan again.")


def ended(answer: guard.Answer) -> str:
    """Return the text of a good answer; raise the error of another."""
    if answer.code:
        error = BridgekitError(answer.text)
        error.exit_code = answer.code
        raise error
    return answer.text
