"""The verb `pxe status`."""

import time
from contextlib import suppress
from pathlib import Path

import click

from bridgekit.cli.options import bridge_argument, json_option, state_dir_option
from bridgekit.cli.output import print_json, print_text
from bridgekit.cli.pxe.output import service_text, services_json
from bridgekit.pxe import status as pxe_status


@click.command()
@bridge_argument(None)
@click.option("--watch", "-w", is_flag=True, help="Again every second, until Ctrl-C.")
@state_dir_option
@json_option
def status(bridge: str | None, watch: bool, state_dir: Path, as_json: bool) -> None:
    """Show the services of this host, or BRIDGE's, and how far each client has come.

    \b
    Examples:
      bridgekit pxe status
      bridgekit pxe status br0 --watch
      bridgekit pxe status br0 --json
    """
    _print(bridge, state_dir, as_json)
    with suppress(KeyboardInterrupt):
        while watch:
            time.sleep(1)
            click.clear()
            _print(bridge, state_dir, as_json)


def _print(bridge: str | None, state_dir: Path, as_json: bool) -> None:
    services = tuple(
        one for one in pxe_status.statuses(state_dir) if bridge in (None, one.service.bridge)
    )
    if as_json:
        print_json(services_json(services))
    else:
        print_text("\n".join(map(service_text, services)) or "there is no PXE service")
