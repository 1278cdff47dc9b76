"""The verb `confirm`."""

import click

from bridgekit.application import decide
from bridgekit.cli.options import json_option, store_option
from bridgekit.cli.output import errors_as_json, print_message
from bridgekit.system.privileges import require_root
from bridgekit.transaction.store import Store


@click.command()
@click.argument("id", required=False)
@json_option
@store_option
def confirm(id: str | None, as_json: bool, store: Store) -> None:
    """Keep a change that waits for confirmation: files are written, PXE is started.

    Works from any session, so also from one over the new bridge.
    """
    with errors_as_json(as_json):
        require_root()
        print_message(decide.confirm(store, id), as_json)
