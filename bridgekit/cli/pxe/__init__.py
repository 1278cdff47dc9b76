"""The group `pxe`: one module per verb, as in the group above it."""

import click

from bridgekit.cli.lazy_group import LazyGroup

VERBS = {
    "build": "Make the image, or native's root file system, if it is missing.",
    "check": "Look for what would keep clients of a bridge from booting.",
    "down": "Stop a bridge's service and remove all of it.",
    "logs": "Print the log of a bridge's service.",
    "page": "Show the page of a bridge's service at an address of this host.",
    "render": "Show the menus and answer files that a machine would get.",
    "status": "Show the services of this host and how far each client has come.",
    "up": "Start the service on a bridge and wait until it serves.",
}
HIDDEN = ("keep", "simulate")


@click.group(cls=LazyGroup, package="bridgekit.cli.pxe", verbs=VERBS, hidden_verbs=HIDDEN)
def pxe() -> None:
    """Build, start, stop and inspect the PXE service.

    \b
    Examples:
      bridgekit pxe up br0                             Debian's installer for machines on br0
      bridgekit pxe up br0 --append "console=ttyS0"    for clients with a serial console
      bridgekit pxe logs br0 --follow                  what clients ask for, and get
      bridgekit pxe down br0
    """
