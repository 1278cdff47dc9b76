"""The verb `interfaces`."""

import sys
from pathlib import Path

import click

from bridgekit.application import persist
from bridgekit.application.ifupdown import choose_options
from bridgekit.application.interfaces import InterfacesRequest, check_interfaces, render_interfaces
from bridgekit.cli.bridge_options import bridge_options
from bridgekit.cli.options import (
    bridge_option,
    dialect_option,
    interfaces_option,
    json_option,
    nic_argument,
    store_option,
)
from bridgekit.cli.output import print_json, print_text
from bridgekit.errors import refuse_on_error
from bridgekit.planning.intent import BridgeSpec
from bridgekit.state.text import printable
from bridgekit.system import atomic_file
from bridgekit.transaction.store import Store

DIFFERENT = 10
NOT_READ = 1


@click.command()
@nic_argument
@bridge_option
@bridge_options
@interfaces_option
@dialect_option
@json_option
@click.option(
    "--style",
    type=click.Choice(["classic", "cidr"]),
    default="classic",
    show_default=True,
    help="192.168.1.4 and a netmask, or 192.168.1.4/24.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to a file.")
@click.option(
    "--check", is_flag=True, help="Compare the file with the host; exit code 10 if they differ."
)
@click.option(
    "--list",
    "list_files",
    is_flag=True,
    help="List what the file and all that it includes say; 1 if ifup would read nothing of it.",
)
@store_option
def interfaces(
    nic: str | None,
    bridge: str,
    spec: BridgeSpec,
    interfaces_file: Path,
    dialect: str | None,
    as_json: bool,
    style: str,
    out: Path | None,
    check: bool,
    list_files: bool,
    store: Store,
) -> None:
    """Print the stanza that makes the bridge at boot; change nothing.

    It describes what the NIC has now, or the bridge if the NIC is its port already.

    \b
    Examples:
      bridgekit interfaces eth0               from what it has, not from its stanza
      bridgekit interfaces --style cidr       with 192.168.1.4/24 instead of a netmask
      bridgekit interfaces --out br0.cfg      into a file of its own
      bridgekit interfaces --check            does the file lead to what the host has?
      bridgekit interfaces --list             what the file and its inclusions say
    """
    if list_files:
        _list(interfaces_file, dialect, as_json)
        return
    request = InterfacesRequest(nic, bridge, spec, interfaces_file, dialect)
    if check:
        _check(request, store, as_json)
        return
    text = render_interfaces(request, store, cidr=style == "cidr")
    if out:
        with refuse_on_error():
            atomic_file.write(out, text.encode())
    elif as_json:
        print_json({"text": text})
    else:
        click.echo(text, nl=False)


def _list(interfaces_file: Path, dialect: str | None, as_json: bool) -> None:
    """Print what the files say, and ifup's complaints on stderr."""
    listing = persist.list_files(interfaces_file, choose_options(dialect))
    if as_json:
        print_json(listing.values)
    else:
        for line in listing.lines:
            print_text(line)
    for problem in listing.problems:
        click.echo(printable(problem, keep="\t"), err=True)
    if not listing.accepted:
        sys.exit(NOT_READ)


def _check(request: InterfacesRequest, store: Store, as_json: bool) -> None:
    """Print what the file and the link do not agree on, and end with 10 if there is something."""
    link, found = check_interfaces(request, store)
    if as_json:
        print_json({"link": link, "differences": found})
    else:
        for text in found or (f"{request.interfaces_file} gives {link} what it has",):
            print_text(text)
    if found:
        sys.exit(DIFFERENT)
