"""The verb `pxe page`."""

from contextlib import suppress
from pathlib import Path

import click

from bridgekit.cli.options import DEFAULT_BRIDGE, bridge_argument, state_dir_option
from bridgekit.errors import RefusedError
from bridgekit.pxe.web_proxy import WebProxy


@click.command()
@bridge_argument(DEFAULT_BRIDGE)
@click.option(
    "--listen",
    metavar="ADDRESS:PORT",
    default="127.0.0.1:8242",
    show_default=True,
    help="Where; 0.0.0.0:8242 is for everybody who reaches this host.",
)
@state_dir_option
def page(bridge: str, listen: str, state_dir: Path) -> None:
    """Show the page of BRIDGE's service at an address of this host, until Ctrl-C.

    The page shows what each machine is doing, and changes nothing. From another computer, open
    http://127.0.0.1:8242/ after `ssh -L 8242:127.0.0.1:8242 HOST`.

    \b
    Examples:
      bridgekit pxe page br0
      bridgekit pxe page br0 --listen 127.0.0.1:9000
    """
    address, _, port = listen.rpartition(":")
    if not (address and port.isdecimal() and int(port) < 65536):
        raise click.BadParameter(f"{listen!r} is not ADDRESS:PORT", param_hint="--listen")
    try:
        server = WebProxy(bridge, state_dir, address.strip("[]"), int(port))
    except OSError as error:
        raise RefusedError(
            f"nothing can listen at {listen}: {error.strerror or error}; nothing was changed"
        ) from error
    with server:
        click.echo(f"http://{address}:{server.server_port}/ until Ctrl-C")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
