"""The verb `pxe down`."""

from pathlib import Path

import click

from bridgekit.cli.options import DEFAULT_BRIDGE, bridge_argument, json_option, state_dir_option
from bridgekit.cli.output import errors_as_json, print_change
from bridgekit.pxe import lifecycle


@click.command()
@bridge_argument(DEFAULT_BRIDGE)
@state_dir_option
@json_option
def down(bridge: str, state_dir: Path, as_json: bool) -> None:
    """Stop BRIDGE's service and remove all of it.

    \b
    Example:
      bridgekit pxe down br0
    """
    with errors_as_json(as_json):
        changed = lifecycle.down(bridge, state_dir)
    print_change(as_json, changed, f"the PXE service of {bridge} is gone")
