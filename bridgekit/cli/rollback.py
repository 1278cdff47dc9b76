"""The verb `rollback`."""

import click

from bridgekit.application import rollback as rollbacks
from bridgekit.cli.options import DEFAULT_BRIDGE, json_option, store_option
from bridgekit.cli.output import errors_as_json, print_message
from bridgekit.system.privileges import require_root
from bridgekit.system.progress import report_to_stderr
from bridgekit.transaction.store import Store


@click.command()
@click.argument("id", required=False)
@click.option("--bridge", metavar="BRIDGE", help="This one, even if something else made it.")
@click.option(
    "--yes",
    is_flag=True,
    help=f"If no change is to be rolled back, {DEFAULT_BRIDGE}, whatever made it.",
)
@json_option
@store_option
def rollback(id: str | None, bridge: str | None, yes: bool, as_json: bool, store: Store) -> None:
    """Roll back the change that waits, or the last committed one, files included.

    With --bridge, or --yes for br0, also a bridge that bridgekit did not make: its addresses,
    routes and the rest go to its only uplink, and the bridge is deleted. `bridgekit plan
    --rollback` shows it first.
    """
    with errors_as_json(as_json):
        require_root()
        other_bridge = bridge or (DEFAULT_BRIDGE if yes else None)
        result = rollbacks.rollback(store, id, bridge, other_bridge, report_to_stderr)
        print_message(result, as_json)
