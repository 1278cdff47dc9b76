"""`status`: quick, so that a script may ask often."""

import time
from typing import TYPE_CHECKING

import click
import msgspec

from bridgekit.application import looking
from bridgekit.cli.options import as_json_text, json_option, say, store_options
from bridgekit.transaction.store import Store

if TYPE_CHECKING:
    from bridgekit.pxe.status import PxeStatus


UNFINISHED = ("changing", "pending", "committing", "undoing")


@click.command()
@json_option
@store_options
def status(as_json: bool, store: Store) -> None:
    """Show the transactions of this network namespace."""
    found, services = looking.statuses(store), _services(store)
    damaged = [journal.folder.name for journal in store.unreadable()]
    if as_json:
        values = {"transactions": found, "services": services, "damaged": damaged}
        click.echo(as_json_text(msgspec.to_builtins(values)))
        return
    for item in found:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(item.created))
        what = f"{item.nic} -> {item.bridge}"
        if item.direction == "unbridge":
            what = f"{item.bridge} -> {item.nic}"
        left = f", {item.seconds_left:.0f} s left to confirm" if item.state == "pending" else ""
        if item.state in UNFINISHED and not item.guarded:
            left += ", without a guard: `bridgekit recover` ends it"
        say(f"{item.id}  {when}  {what}  {item.state}{left}")
    for name in damaged:
        say(f"{name}  its record is damaged: see `bridgekit recover`")
    for service in services:
        state = "running" if service.running else "ended"
        click.echo(f"{service.name}  PXE on {service.service.bridge}, {service.engine}, {state}")
    if not found and not services and not damaged:
        click.echo("nothing here: no migration, no PXE service")


def _services(store: Store) -> "tuple[PxeStatus, ...]":
    if not (store.folder / "pxe").exists():
        return ()
    from bridgekit.pxe.status import statuses  # slow to import, and few have a service

    return statuses(store.folder)
