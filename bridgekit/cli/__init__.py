"""The verbs. Each is imported only when it is called, so that `--help` stays quick."""

import importlib
import io
import os
import sys

import click

from bridgekit.errors import BridgekitError
from bridgekit.state.text import LINES, printable

VERBS = {
    "plan": ("bridgekit.cli.migrate", "Show what `apply` would do; changes nothing."),
    "apply": ("bridgekit.cli.migrate", "Move the NIC's whole network state onto a bridge."),
    "confirm": ("bridgekit.cli.decide", "Keep a change that waits for confirmation."),
    "rollback": ("bridgekit.cli.decide", "Undo the pending or the last committed migration."),
    "recover": ("bridgekit.cli.decide", "Finish undoing what a crash left behind."),
    "status": ("bridgekit.cli.status", "What waits, what is committed, what runs."),
    "snapshot": ("bridgekit.cli.show", "What would be moved."),
    "interfaces": ("bridgekit.cli.show", "The interfaces(5) stanza, on standard output."),
    "attach": ("bridgekit.cli.attach", "Give a container an interface on a bridge."),
    "detach": ("bridgekit.cli.attach", "Take that interface away again."),
    "pxe": ("bridgekit.cli.netboot", "Build, start, stop and look at the PXE service."),
    "lab": ("bridgekit.cli.lab", "A network lab of namespaces, to try everything safely."),
}

HIDDEN = {"guard": ("bridgekit.cli.guard", "")}


class LazyGroup(click.Group):
    """A group whose verbs live in modules named in VERBS, as `verb` functions of that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS | HIDDEN:
            return None
        module = (VERBS | HIDDEN)[name][0]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bridgekit")
def bridgekit() -> None:
    """Put a live NIC on a bridge without losing a packet, and take it back.

    \b
    Examples:
      bridgekit plan eth0                         what would happen
      bridgekit apply eth0 --confirm-within 60    do it; undone unless confirmed
      bridgekit confirm                           keep it
      bridgekit apply eth0 --with-pxe             and netboot the NIC's wire
      bridgekit rollback                          take it all back
    """


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
        click.echo(f"bridgekit: {printable(str(error), keep=LINES)}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        click.echo(
            f"bridgekit: {printable(str(error))}; `bridgekit status` tells where things stand",
            err=True,
        )
        sys.exit(1)
