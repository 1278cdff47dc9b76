"""The verb `pxe simulate`, which is no verb for people: `pxe check` starts it."""

import json
import sys

import click
from msgspec import to_builtins

from bridgekit.pxe.diagnose.client_simulator import simulate as simulate_clients


@click.command(hidden=True)
@click.argument("nic")
def simulate(nic: str) -> None:
    """Be each kind of client on NIC, after a line on standard input; print each step as JSON."""
    click.echo("ready")
    sys.stdin.readline()
    for step in simulate_clients(nic):
        click.echo(json.dumps(to_builtins(step)))
    click.echo()
    sys.stdin.readline()  # the caller removes the interface first
