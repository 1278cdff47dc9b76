"""The verb `pxe check`."""

import sys
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from bridgekit.application.pxe import spec_on
from bridgekit.application.pxe_check import CheckDialog, CheckOptions, CheckReport, check_pxe
from bridgekit.cli.options import DEFAULT_BRIDGE, bridge_argument, json_option, state_dir_option
from bridgekit.cli.output import errors_as_json, print_json, print_text
from bridgekit.cli.pxe.output import step_text
from bridgekit.cli.pxe_options import pxe_options
from bridgekit.planning.pxe_options import PxeOptions
from bridgekit.pxe.diagnose.client_simulator import Step
from bridgekit.pxe.diagnose.fixes import Fix

FOUND_SOMETHING = 10


@click.command()
@bridge_argument(DEFAULT_BRIDGE)
@pxe_options()
@click.option(
    "--mirror",
    metavar="URL",
    help="Check that this Debian mirror has the modules of the installer's kernel.",
)
@click.option("--fix", is_flag=True, help="Change settings that are in the way, until `pxe down`.")
@state_dir_option
@json_option
def check(
    bridge: str,
    pxe: PxeOptions,
    mirror: str | None,
    fix: bool,
    state_dir: Path,
    as_json: bool,
) -> None:
    """Look for what would keep clients of BRIDGE from booting; exit 10 if there is something.

    Where a service runs, a simulated client of each kind goes the whole way up to kernel and
    initrd, out of a network namespace on BRIDGE, and every file is compared with its recorded
    checksum.

    \b
    Examples:
      bridgekit pxe check br0 --address 10.7.0.1/24
      bridgekit pxe check br0 --fix
      bridgekit pxe check br0 --mirror http://mirror.example/debian
    """

    def fixed(change: Fix) -> None:
        click.echo(f"done: {change}", err=True)

    def stepped(step: Step) -> None:
        if not as_json:
            print_text(step_text(step))

    with errors_as_json(as_json):
        options, dialog = CheckOptions(mirror, fix), CheckDialog(fixed, stepped)
        found = check_pxe(spec_on(bridge, pxe), options, state_dir, dialog)
    if as_json:
        print_json(_json(found))
    else:
        print_text(_text(found) or f"nothing keeps clients of {bridge} from booting")
    sys.exit(FOUND_SOMETHING if found.findings else 0)


def _json(found: CheckReport) -> dict[str, Any]:
    return {
        "findings": [item.message for item in found.findings],
        "codes": [item.code for item in found.findings],
        "fixes": [str(fix) for fix in found.fixes],
        "clients": to_builtins(found.steps),
    }


def _text(found: CheckReport) -> str:
    fixes = [f"  {fix}" for fix in found.fixes]
    heading = ["`bridgekit pxe check --fix` does, until `pxe down`:"] if fixes else []
    return "\n".join((*(item.message for item in found.findings), *heading, *fixes))
