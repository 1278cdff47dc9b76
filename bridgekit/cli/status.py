"""The verb `status`: quick, so that a script may ask often."""

import time

import click
import msgspec

from bridgekit.application.status import TransactionStatus, read_status
from bridgekit.cli.options import json_option, store_option
from bridgekit.cli.output import print_json, print_text
from bridgekit.transaction.store import Store

UNFINISHED = ("changing", "pending", "committing", "undoing")


@click.command()
@json_option
@store_option
def status(as_json: bool, store: Store) -> None:
    """Show the changes and the PXE services of this network namespace."""
    found = read_status(store)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    for transaction in found.transactions:
        print_text(_text(transaction))
    for id in found.damaged:
        print_text(f"{id}  its record is damaged: see `bridgekit recover`")
    for service in found.services:
        state = "running" if service.running else "ended"
        bridge = service.service.bridge
        print_text(f"{service.name}  PXE on {bridge}, {service.engine}, {state}")
    if not (found.transactions or found.services or found.damaged):
        print_text("nothing here: no migration, no PXE service")


def _text(transaction: TransactionStatus) -> str:
    created = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(transaction.created))
    ends = (transaction.nic, transaction.bridge)
    what = " -> ".join(ends if transaction.direction == "bridge" else reversed(ends))
    left = ""
    if transaction.state == "pending":
        left = f", {transaction.seconds_left:.0f} s left to confirm"
    if transaction.state in UNFINISHED and not transaction.guarded:
        left += ", without a guard: `bridgekit recover` ends it"
    return f"{transaction.id}  {created}  {what}  {transaction.state}{left}"
