"""The verb `pxe up`; `plan` and `apply` share its options."""

from pathlib import Path

import click

from bridgekit.application.pxe import spec_on
from bridgekit.cli.options import DEFAULT_BRIDGE, bridge_argument, json_option, state_dir_option
from bridgekit.cli.output import errors_as_json, print_json, print_text
from bridgekit.cli.pxe.output import service_text, services_json
from bridgekit.cli.pxe_options import pxe_options
from bridgekit.planning.pxe_options import PxeOptions
from bridgekit.pxe import lifecycle
from bridgekit.pxe import status as pxe_status
from bridgekit.system import signals


@click.command()
@bridge_argument(DEFAULT_BRIDGE)
@pxe_options()
@state_dir_option
@json_option
def up(bridge: str, pxe: PxeOptions, state_dir: Path, as_json: bool) -> None:
    """Start the service on BRIDGE and wait until it serves.

    First the L2 segment is probed: is there another DHCP server, and who has the addresses that
    are to be used? What follows from that is --mode. Whatever fails later is rolled back.

    \b
    Examples:
      bridgekit pxe up br0
      bridgekit pxe up br0 --mode auto
      bridgekit pxe up br0 --address 10.7.0.1/24 --range 10.7.0.50,10.7.0.99 --lease 30m
    """
    with errors_as_json(as_json), signals.raise_on_signal():
        started = lifecycle.start(spec_on(bridge, pxe), state_dir)
    now = pxe_status.status(bridge, state_dir)
    if as_json:
        print_json(services_json((now,) if now else ()))
    else:
        print_text(
            service_text(now) if now and started else f"{bridge} has it already; nothing to do"
        )
