"""The verb `pxe logs`."""

from contextlib import suppress
from pathlib import Path

import click

from bridgekit.cli.options import DEFAULT_BRIDGE, bridge_argument, state_dir_option
from bridgekit.cli.output import print_text
from bridgekit.pxe import status as pxe_status


@click.command()
@bridge_argument(DEFAULT_BRIDGE)
@click.option("--follow", "-f", is_flag=True, help="Go on until the service ends.")
@state_dir_option
def logs(bridge: str, follow: bool, state_dir: Path) -> None:
    """Print the log of BRIDGE's service.

    \b
    Example:
      bridgekit pxe logs br0 --follow
    """
    with suppress(KeyboardInterrupt):
        for line in pxe_status.logs(bridge, state_dir, follow):
            print_text(line)
