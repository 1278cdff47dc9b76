"""The verb `pxe build`."""

from pathlib import Path

import click

from bridgekit.application.pxe import spec_on
from bridgekit.cli.options import DEFAULT_BRIDGE, json_option, state_dir_option
from bridgekit.cli.output import errors_as_json, print_json, print_text
from bridgekit.cli.pxe_options import pxe_options
from bridgekit.planning.pxe_options import PxeOptions
from bridgekit.pxe import lifecycle
from bridgekit.pxe.spec_checks import check_spec


@click.command()
@pxe_options()
@click.option("--fresh", is_flag=True, help="Anew, from today's packages.")
@state_dir_option
@json_option
def build(pxe: PxeOptions, fresh: bool, state_dir: Path, as_json: bool) -> None:
    """Make the image, or native's root file system, if it is missing.

    \b
    Examples:
      bridgekit pxe build --engine native
      bridgekit pxe build --engine docker --release bookworm
    """
    service = spec_on(DEFAULT_BRIDGE, pxe)
    with errors_as_json(as_json):
        check_spec(service, ())
        made = lifecycle.build(service, state_dir, fresh=fresh)
    if as_json:
        print_json({"built": made})
    else:
        print_text(made)
