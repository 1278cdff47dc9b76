"""`plan` and `apply`."""

import contextlib
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridgekit import report
from bridgekit.application import applying, persisting, planning, taking_back
from bridgekit.application.applying import Terms
from bridgekit.application.planning import Draft, Request
from bridgekit.cli import outcome as outcomes
from bridgekit.cli.migrate_options import migrate_options
from bridgekit.cli.options import (
    as_json_text,
    errors_as_json,
    interactive,
    print_json,
    require_root,
    say,
    store_options,
    tell,
)
from bridgekit.errors import RefusedError, UsageError, refuse_on_error
from bridgekit.planning import codec
from bridgekit.planning.intent import BridgeSpec
from bridgekit.system import atomic_file, signals
from bridgekit.transaction import probes
from bridgekit.transaction.store import Store

if TYPE_CHECKING:
    from bridgekit.cli.with_pxe import WithPxe

CHANGES = 10


@click.command()
@migrate_options
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan.")
@click.option("--exit-code", is_flag=True, help="End with 10 if there are changes to make.")
@click.option("--undo", is_flag=True, help="The way back, also of a bridge that others made.")
@click.option("--all-routes", is_flag=True, help="Show every route, where many are alike.")
@store_options
def plan(
    nic: str | None,
    as_json: bool,
    out: Path | None,
    exit_code: bool,
    undo: bool,
    all_routes: bool,
    store: Store,
    **rest: Any,
) -> None:
    """Show what `apply` would do: findings, commands, file changes, topology. Changes nothing.

    \b
    Examples:
      bridgekit plan                     the NIC with the default route
      bridgekit plan eth0 --out p.json   then: bridgekit apply --plan p.json
      bridgekit plan --undo              what `rollback` would do
    """
    if undo and rest["with_pxe"]:
        raise UsageError("--undo takes the PXE service away and cannot go --with-pxe")
    drafted = taking_back.draft if undo else planning.draft
    with errors_as_json(as_json):
        draft = drafted(_request(nic, store, rest))
        service = _service(draft, rest) if not draft.refusals else None
    if as_json:
        told = service.as_json() if service else None
        print_json(report.plan_json(draft, all_routes) | {"service": told})
    else:
        lines = service.text() if service else ()
        for line in chain(report.plan_text(draft, all_routes), lines):
            click.echo(line)
    if draft.refusals:
        raise _refused(draft)
    if out:
        with refuse_on_error():
            atomic_file.write(out, codec.encode(draft.plan))
    if exit_code and draft.plan.operations:
        sys.exit(CHANGES)


@click.command()
@migrate_options
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--confirm-within",
    type=click.IntRange(1, 86400),
    metavar="SECONDS",
    help="Undo it unless it is confirmed in this time.",
)
@click.option("--probe", multiple=True, metavar="KIND:TARGET", help="Must answer after as before.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_options
def apply(
    nic: str | None,
    as_json: bool,
    plan_file: Path | None,
    confirm_within: int | None,
    probe: tuple[str, ...],
    yes: bool,
    store: Store,
    **rest: Any,
) -> None:
    """Put the NIC on a bridge, verify, make it last. What fails is undone.

    \b
    Examples:
      bridgekit apply eth0 --confirm-within 60
      bridgekit apply eth0 --yes --with-pxe
      bridgekit apply --plan p.json --yes
      bridgekit apply eth0 --probe tcp:192.168.1.9:443

    Exit codes: 0 done, or nothing to do; 3 refused; 4 undone; 5 undo incomplete; 6 busy;
    7 network kept, PXE failed. Putting a NIC into a bond is not what this program does.
    """
    with errors_as_json(as_json):
        if not yes and not interactive():
            raise UsageError("without a terminal `apply` needs --yes; nothing was changed")
        require_root()
        store.refuse_if_unfinished()
        wanted = tuple(probes.parse_probe(one) for one in probe)
        fresh = yes and not plan_file and not rest["with_pxe"]  # nothing comes between
        if fresh:
            store.prepare()
        with store.lock() if fresh else contextlib.nullcontext():
            draft = _draft(plan_file, _request(nic, store, rest))
            service = _service(draft, rest)
            if draft.done_already:
                _nothing_to_do(draft, service, store, as_json)
                return
            if not yes:
                _asked(draft)
            served = service.prepared(store.folder) if service else None
            undoes = taking_back.undone_by(store, draft.plan)
            terms = Terms(confirm_within, wanted, served, undoes, fresh)
            outcome = applying.apply(store, draft.plan, terms, tell)
        if outcome.state == "pending" and interactive() and not as_json:
            click.echo(outcomes.decided(store, outcome))
        else:
            outcomes.told(draft.plan.intent, outcome, as_json)


def _draft(plan_file: Path | None, request: Request) -> Draft:
    """Read the plan or make one; RefusedError if something speaks against it."""
    if plan_file:
        with refuse_on_error():
            plan = codec.decode(plan_file.read_bytes())
        insists = request.force and not plan.intent.force
        other_spec = request.spec not in (BridgeSpec(), plan.intent.spec)
        other_file = request.persist != "live" or request.dialect
        if request.nic not in (None, plan.intent.nic) or other_file or insists or other_spec:
            raise UsageError(f"{plan_file} says otherwise, for {plan.intent.nic}; make a new plan")
        strange = persisting.outside(request.interfaces_file, plan.files)
        if strange:
            raise RefusedError(
                f"{plan_file} changes {', '.join(strange)}, no interfaces file that is known here;"
                " nothing was changed (--interfaces-file names another)"
            )
        return Draft(plan, (), done_already=not plan.operations)
    draft = planning.draft(request)
    if draft.refusals:
        raise _refused(draft)
    for line in report.findings_text(draft.findings):
        click.echo(line, err=True)
    return draft


def _asked(draft: Draft) -> None:
    for line in report.plan_text(draft):
        click.echo(line, err=True)
    try:
        agreed = click.confirm("Apply this plan?", err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise RefusedError("not applied, as you wish; nothing was changed")


def _request(nic: str | None, store: Store, rest: dict[str, Any]) -> Request:
    if rest["no_persist"] and rest["persist"]:
        raise UsageError("--persist writes the file and --no-persist does not: leave one out")
    return Request(
        nic=nic,
        bridge=rest["bridge"],
        interfaces_file=rest["interfaces_file"].absolute(),
        store=store,
        persist=None if rest["no_persist"] else rest["persist"] or "live",
        spec=rest["spec"],
        force=rest["i_know"],
        with_pxe=rest["with_pxe"],
        dialect=rest["dialect"],
    )


def _service(draft: Draft, params: dict[str, Any]) -> "WithPxe | None":
    if not params["with_pxe"]:
        return None
    from bridgekit.cli.with_pxe import checked  # slow to import

    return checked(draft, params)


def _refused(draft: Draft) -> RefusedError:
    reasons = "; ".join(f"{found.message} ({found.advice})" for found in draft.refusals)
    return RefusedError(f"{reasons}. Nothing was changed.")


def _nothing_to_do(draft: Draft, service: "WithPxe | None", store: Store, as_json: bool) -> None:
    intent = draft.plan.intent
    with signals.raise_on_signal():
        if service and service.start(store.folder):
            tell("the PXE service runs")
    if as_json:
        click.echo(as_json_text({"state": "unchanged", "nic": intent.nic}))
    else:
        say(f"{intent.nic} is a port of {intent.bridge} already: nothing to do.")
