"""The verb `plan`."""

import sys
from pathlib import Path

import click

from bridgekit.application.apply import refuse_refused
from bridgekit.application.plan import PlanRequest, plan_bridge
from bridgekit.application.plan_file import write_plan
from bridgekit.application.plan_rollback import plan_rollback
from bridgekit.application.pxe_service import PlannedService, plan_service
from bridgekit.cli.options import RenamedOption, store_option
from bridgekit.cli.output import errors_as_json, print_json
from bridgekit.cli.plan_options import plan_options
from bridgekit.cli.plan_output import plan_json, plan_text, service_text
from bridgekit.errors import UsageError
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.transaction.store import Store

CHANGES = 10


@click.command()
@plan_options
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan.")
@click.option("--exit-code", is_flag=True, help="End with 10 if there are changes to make.")
@click.option(
    "--rollback",
    "--undo",
    cls=RenamedOption,
    is_flag=True,
    help="What `rollback` would do, also with a bridge that others made.",
)
@click.option("--all-routes", is_flag=True, help="Show every route, where many are equal.")
@store_option
def plan(
    request: PlanRequest,
    as_json: bool,
    out: Path | None,
    exit_code: bool,
    rollback: bool,
    all_routes: bool,
    store: Store,
) -> None:
    """Show what `apply` would do: findings, commands, file changes, topology. Changes nothing.

    \b
    Examples:
      bridgekit plan                     the NIC with the default route
      bridgekit plan eth0 --out p.json   then: bridgekit apply --plan p.json
      bridgekit plan --rollback          what `rollback` would do
    """
    if rollback and request.pxe:
        raise UsageError("--rollback removes the PXE service and cannot go --with-pxe")
    with errors_as_json(as_json):
        result = (plan_rollback if rollback else plan_bridge)(request, store)
        service = None if result.refusals else plan_service(request.pxe, result)
    _print(result, service, as_json, all_routes)
    refuse_refused(result)
    if out:
        write_plan(out, result)
    if exit_code and result.plan.operations:
        sys.exit(CHANGES)


def _print(
    result: PlanResult, service: PlannedService | None, as_json: bool, all_routes: bool
) -> None:
    if as_json:
        values = service.to_builtins() if service else None
        print_json(plan_json(result, all_routes) | {"service": values})
        return
    for line in plan_text(result, all_routes):
        click.echo(line)
    for line in service_text(service) if service else ():
        click.echo(line)
