"""The command line: one module per verb, imported only when it is called."""

import io
import os
import sys

import click

from bridgekit.cli.lazy_group import LazyGroup
from bridgekit.cli.no_color import apply_no_color, no_color_option
from bridgekit.errors import BridgekitError
from bridgekit.state.text import printable
from bridgekit.system.progress import report_to_stderr

VERBS = {
    "plan": "Show what `apply` would do; changes nothing.",
    "apply": "Put a NIC, with all its addresses and routes, on a bridge.",
    "confirm": "Keep a change that waits for confirmation.",
    "rollback": "Roll back the pending change, or the last committed one.",
    "recover": "Finish or roll back what a crash interrupted.",
    "status": "Show pending and committed changes and PXE services.",
    "snapshot": "Show the addresses, routes and rules that would move.",
    "interfaces": "Print the interfaces(5) stanza of the bridge.",
    "attach": "Give a container an interface on a bridge.",
    "detach": "Remove a container's interface from a bridge.",
    "pxe": "Build, start, stop and inspect the PXE service.",
    "lab": "Make a network of namespaces to try everything in.",
}
HIDDEN = ("guard",)


@click.group(
    cls=LazyGroup,
    package="bridgekit.cli",
    verbs=VERBS,
    hidden_verbs=HIDDEN,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="bridgekit")
@no_color_option
def bridgekit() -> None:
    """Put a live NIC on a bridge without losing a packet, and roll that back.

    \b
    Examples:
      bridgekit plan eth0                         what would happen
      bridgekit apply eth0 --confirm-within 60    do it; rolled back unless confirmed
      bridgekit confirm                           keep it
      bridgekit apply eth0 --with-pxe             and netboot the machines on the NIC's segment
      bridgekit rollback                          the NIC gets everything back
    """
    apply_no_color("NO_COLOR" in os.environ)


def main() -> None:
    """Run the command line; every known error ends in its sentence and its exit code."""
    # a plain `su` leaves out where ip, nft and ifup are
    os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    for stream in (sys.stdout, sys.stderr):  # closed ones are None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        bridgekit()
    except BridgekitError as error:
        report_to_stderr(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        report_to_stderr(f"{printable(str(error))}; `bridgekit status` tells where things stand")
        sys.exit(1)
