"""The verb `recover`."""

import click

from bridgekit.application import recover as recovery
from bridgekit.cli.options import json_option, store_option
from bridgekit.cli.output import errors_as_json, print_message
from bridgekit.system.privileges import require_root
from bridgekit.transaction.store import Store


@click.command()
@json_option
@store_option
def recover(as_json: bool, store: Store) -> None:
    """Finish what a crash left behind. After a reboot only files are touched.

    A change that was complete, with its files in place, is kept; any other is rolled back. Under
    systemd the next boot does this by itself, before it sets up any network.
    """
    with errors_as_json(as_json):
        require_root()
        print_message("\n".join(recovery.recover(store)) or "nothing to recover", as_json)
