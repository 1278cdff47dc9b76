"""`confirm`, `rollback`, `recover`."""

import click

from bridgekit.application import deciding
from bridgekit.cli.options import (
    as_json_text,
    errors_as_json,
    json_option,
    require_root,
    say,
    store_options,
    tell,
)
from bridgekit.transaction.store import Store

USUAL = "br0"
id_argument = click.argument("id", required=False)


@click.command()
@id_argument
@json_option
@store_options
def confirm(id: str | None, as_json: bool, store: Store) -> None:
    """Keep a change that waits for confirmation: files are written, PXE is started.

    Works from any session, so also from one over the new bridge.
    """
    with errors_as_json(as_json):
        require_root()
        _tell(deciding.confirm(store, id), as_json)


@click.command()
@id_argument
@click.option("--bridge", metavar="BRIDGE", help="This one, even if something else made it.")
@click.option("--yes", is_flag=True, help=f"If nothing is to be undone, take {USUAL} as foreign.")
@json_option
@store_options
def rollback(id: str | None, bridge: str | None, yes: bool, as_json: bool, store: Store) -> None:
    """Undo the change that waits, or take back the last committed migration, files included.

    With --bridge, or --yes for br0, also a bridge that bridgekit did not make: its addresses,
    routes and the rest go to its only uplink, and the bridge goes. `bridgekit plan --undo` shows
    it first.
    """
    with errors_as_json(as_json):
        require_root()
        foreign = bridge or (USUAL if yes else None)
        _tell(deciding.rollback(store, id, bridge, foreign, tell), as_json)


@click.command()
@json_option
@store_options
def recover(as_json: bool, store: Store) -> None:
    """Finish what a crash left behind. After a reboot only files are touched.

    A change that was complete, with its files in place, is kept; any other is undone. Under systemd
    the next boot does this by itself, before it sets up any network.
    """
    with errors_as_json(as_json):
        require_root()
        _tell("\n".join(deciding.recover(store)) or "nothing to recover", as_json)


def _tell(text: str, as_json: bool) -> None:
    say(as_json_text({"message": text}) if as_json else text)
