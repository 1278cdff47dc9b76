"""The verb `pxe keep`, which is no verb for people: `pxe up` starts it."""

from pathlib import Path

import click

from bridgekit.cli.options import DEFAULT_BRIDGE, bridge_argument, state_dir_option
from bridgekit.pxe import lifecycle


@click.command(hidden=True)
@bridge_argument(DEFAULT_BRIDGE)
@state_dir_option
def keep(bridge: str, state_dir: Path) -> None:
    """Keep BRIDGE's service running and attached, for ever."""
    lifecycle.supervise(bridge, state_dir)
