"""The verb `pxe render`."""

import click

from bridgekit.application.pxe import spec_on
from bridgekit.cli.options import DEFAULT_BRIDGE, json_option
from bridgekit.cli.output import errors_as_json, print_json
from bridgekit.cli.pxe_options import pxe_options
from bridgekit.planning.pxe_options import PxeOptions
from bridgekit.pxe import preview
from bridgekit.pxe.spec_checks import check_spec


@click.command()
@click.argument("answer", required=False)
@click.option("--mac", required=True, metavar="MAC", help="The machine's MAC address.")
@pxe_options()
@json_option
def render(answer: str | None, mac: str, pxe: PxeOptions, as_json: bool) -> None:
    """Show what a machine would be given: its menus and answer files, or only ANSWER.

    \b
    Examples:
      bridgekit pxe render --mac 52:54:00:c1:00:01
      bridgekit pxe render preseed.cfg --mac 52:54:00:c1:00:01 --site /etc/bridgekit/pxe
    """
    with errors_as_json(as_json):
        service = spec_on(DEFAULT_BRIDGE, pxe)
        check_spec(service, ())
        files = dict(preview.render(service, mac, answer))
    if as_json:
        print_json({"files": files})
    elif answer:
        click.echo("".join(files.values()), nl=False)
    else:
        click.echo("\n".join(f"== {name}\n{text}" for name, text in files.items()), nl=False)
