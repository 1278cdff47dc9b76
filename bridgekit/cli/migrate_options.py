"""The options that `plan` and `apply` share, in the order in which `--help` shows them."""

import click

from bridgekit.cli.bridge_options import bridge_options
from bridgekit.cli.netboot_options import service_options
from bridgekit.cli.options import (
    Command,
    bridge_option,
    dialect_option,
    interfaces_option,
    json_option,
    nic_argument,
)

_OPTIONS = (
    nic_argument,
    bridge_option,
    bridge_options,
    interfaces_option,
    dialect_option,
    click.option(
        "--persist",
        type=click.Choice(["live", "file"]),
        help="What the bridge's stanza follows, where host and file do not agree.  [default: live]",
    ),
    click.option(
        "--no-persist",
        is_flag=True,
        help="Leave the interfaces file alone: gone at the next boot.",
    ),
    click.option("--i-know", is_flag=True, help="Even though disks are reached over the NIC."),
    click.option(
        "--with-pxe",
        is_flag=True,
        help="Also serve netboot on the bridge (see `pxe up --help`).",
    ),
    service_options("pxe-"),
    json_option,
)


def migrate_options(command: Command) -> Command:
    """Give a verb all that says which move is wished for."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
