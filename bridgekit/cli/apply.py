"""The verb `apply`."""

from pathlib import Path

import click

from bridgekit.application.apply import ApplyDialog, ApplyRequest, apply_request
from bridgekit.application.execute import ApplyResult
from bridgekit.application.plan import PlanRequest
from bridgekit.cli.countdown import count_down
from bridgekit.cli.options import interactive, store_option
from bridgekit.cli.output import errors_as_json, print_json, print_text
from bridgekit.cli.plan_options import plan_options
from bridgekit.cli.plan_output import findings_text, plan_text
from bridgekit.errors import RefusedError, UsageError
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.system.privileges import require_root
from bridgekit.system.progress import report_to_stderr
from bridgekit.transaction.store import Store


@click.command()
@plan_options
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--confirm-within",
    type=click.IntRange(1, 86400),
    metavar="SECONDS",
    help="Roll it back unless it is confirmed in this time.",
)
@click.option("--probe", multiple=True, metavar="KIND:TARGET", help="Must answer after as before.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
def apply(
    request: PlanRequest,
    as_json: bool,
    plan_file: Path | None,
    confirm_within: int | None,
    probe: tuple[str, ...],
    yes: bool,
    store: Store,
) -> None:
    """Put the NIC on a bridge, verify, make it last. What fails is rolled back.

    \b
    Examples:
      bridgekit apply eth0 --confirm-within 60
      bridgekit apply eth0 --yes --with-pxe
      bridgekit apply --plan p.json --yes
      bridgekit apply eth0 --probe tcp:192.168.1.9:443

    Exit codes: 0 done, or nothing to do; 3 refused; 4 rolled back; 5 rollback incomplete; 6 busy;
    7 network kept, PXE failed. Putting a NIC into a bond is not what this program does.
    """
    with errors_as_json(as_json):
        if not yes and not interactive():
            raise UsageError("without a terminal `apply` needs --yes; nothing was changed")
        require_root()
        asked = ApplyRequest(request, plan_file, confirm_within, probe)
        dialog = ApplyDialog(report_to_stderr, _show_findings, None if yes else _approve)
        result = apply_request(store, asked, dialog)
        if result.state == "unchanged" and as_json:
            print_json({"state": result.state, "nic": result.nic})
        elif as_json:
            names = ("id", "state", "nic", "bridge")
            print_json({name: getattr(result, name) for name in names})
        elif result.state == "unchanged":
            print_text(f"{_state(result)} already: nothing to do")
        elif result.state == "committed":
            print_text(f"{result.id} is committed: {_state(result)}")
        else:
            click.echo(count_down(store, result))


def _state(result: ApplyResult) -> str:
    if result.direction == "bridge":
        return f"{result.nic} is a port of {result.bridge}"
    return f"{result.nic} has the configuration of {result.bridge}"


def _show_findings(result: PlanResult) -> None:
    for line in findings_text(result.findings):
        click.echo(line, err=True)


def _approve(result: PlanResult) -> None:
    for line in plan_text(result):
        click.echo(line, err=True)
    try:
        agreed = click.confirm("Apply this plan?", err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise RefusedError("not applied, as you answered; nothing was changed")
