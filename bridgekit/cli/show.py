"""`snapshot` and `interfaces`: what is there, and how it would be written down."""

import click
import msgspec

from bridgekit import machine, report
from bridgekit.application import persisting, planning
from bridgekit.cli.bridge_options import bridge_options
from bridgekit.cli.options import (
    bridge_option,
    json_option,
    nic_argument,
    store_options,
)
from bridgekit.errors import Refused
from bridgekit.migration.expectation import bridged
from bridgekit.migration.intent import Intent
from bridgekit.model.links import BridgeOptions
from bridgekit.model.route_text import route_text
from bridgekit.model.snapshot import Snapshot
from bridgekit.model.words import one_line
from bridgekit.persistence.stanza import Extras
from bridgekit.transaction.store import Store


@click.command()
@nic_argument
@bridge_option
@json_option
@store_options
def snapshot(nic: str | None, bridge: str, as_json: bool, store: Store) -> None:
    """Show what of the NIC would be moved: addresses, routes, neighbours, settings."""
    state = machine.network()
    name = planning.named(state, nic) or planning.default_nic(state, bridge, store)
    state = _of(state, name)
    routes = [route_text(message, state.routes.name) for message in state.routes.messages]
    if as_json:
        values = {key: msgspec.to_builtins(getattr(state, key)) for key in ("links", "addresses")}
        neighbours = msgspec.to_builtins(state.neighbours)
        click.echo(report.as_json(values | {"routes": routes, "neighbours": neighbours}))
        return
    for line in (*report.topology(state, [name]), *(f"route {text}" for text in routes)):
        click.echo(one_line(line))
    for entry in state.neighbours:
        click.echo(f"neighbour {entry.ip} lladdr {entry.mac}")


def _of(state: Snapshot, name: str) -> Snapshot:
    """The part of the state that is this link's."""
    link = state.link(name)
    if link is None:
        raise Refused(f"there is no interface {name}; nothing was changed")
    return Snapshot(
        links=(link,),
        addresses=state.addresses_on(name),
        routes=state.routes.naming(name),
        neighbours=state.neighbours_on(name),
    )


@click.command()
@nic_argument
@bridge_option
@bridge_options
@json_option
@store_options
def interfaces(
    nic: str | None, bridge: str, options: BridgeOptions, as_json: bool, store: Store
) -> None:
    """Print the interfaces(5) section that makes the bridge at boot; change nothing.

    It describes what the NIC has now, or the bridge if the NIC is its port already.
    """
    state = machine.network()
    name = planning.named(state, nic) or planning.default_nic(state, bridge, store)
    link = state.link(name)
    if link is None:
        raise Refused(f"there is no interface {name}; nothing was changed")
    intent = Intent(name, bridge, "bridge", options)
    after = state if link.controller == bridge else bridged(state, intent)
    text = persisting.stanza_text(after, intent, Extras())
    click.echo(report.as_json({"text": text}) if as_json else text, nl=as_json)
