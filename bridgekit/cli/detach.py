"""The verb `detach`."""

from pathlib import Path

import click

from bridgekit.cli.attach import ifname_option
from bridgekit.cli.options import json_option, state_dir_option
from bridgekit.cli.output import errors_as_json, print_change


@click.command()
@click.argument("bridge")
@click.argument("container")
@ifname_option
@state_dir_option
@json_option
def detach(bridge: str, container: str, ifname: str, state_dir: Path, as_json: bool) -> None:
    """Remove CONTAINER's interface from BRIDGE.

    \b
    Example:
      bridgekit detach br0 $PXECID
    """
    from bridgekit.attach.attach import detach as detach_from  # brings pyroute2: not for --help
    from bridgekit.pxe.service_target import finder

    with errors_as_json(as_json):
        changed = detach_from(bridge, container, ifname, find=finder(state_dir))
    print_change(as_json, changed, f"{container} is off {bridge}")
