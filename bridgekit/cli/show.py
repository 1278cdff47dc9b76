"""`snapshot` and `interfaces`: what is there, and how it would be written down."""

from itertools import chain

import click
import msgspec

from bridgekit import machine, report
from bridgekit.application import installed, persisting, planning
from bridgekit.cli.bridge_options import bridge_options
from bridgekit.cli.options import (
    as_json_text,
    bridge_option,
    flavour_option,
    json_option,
    nic_argument,
    print_json,
    say,
    store_options,
)
from bridgekit.errors import Refused
from bridgekit.migration.expectation import bridged
from bridgekit.migration.intent import Intent, Wishes
from bridgekit.model.route_text import route_text
from bridgekit.model.snapshot import Snapshot
from bridgekit.persistence.stanza import Extras
from bridgekit.transaction.store import Store


@click.command()
@nic_argument
@bridge_option
@json_option
@store_options
def snapshot(nic: str | None, bridge: str, as_json: bool, store: Store) -> None:
    """Show what of the NIC would be moved: addresses, routes, rules, neighbours and the like."""
    state = machine.network()
    name = planning.named(state, nic) or planning.default_nic(state, bridge, store)
    state = _of(state, name)
    texts = {
        "routes": report.Streamed(
            route_text(message, state.routes.name) for message in state.routes.one_by_one()
        ),
        "rules": [str(rule) for rule in state.rules],
        "nexthops": [str(nexthop) for nexthop in state.nexthops],
        "static_macs": [entry.mac for entry in state.static_macs],
    }
    if as_json:
        keys = ("links", "addresses", "neighbours")
        values = {key: msgspec.to_builtins(getattr(state, key)) for key in keys}
        print_json(values | texts)
        return
    neighbours = [f"neighbour {entry}" for entry in state.neighbours]
    words = {
        "routes": "route",
        "rules": "rule",
        "nexthops": "nexthop",
        "static_macs": "MAC address",
    }
    told = (f"{words[key]} {text}" for key, found in texts.items() for text in found)
    for line in chain(report.topology(state, [name]), told, neighbours):
        say(line)


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
        rules=tuple(rule for rule in state.rules if rule.names(name)),
        nexthops=tuple(nexthop for nexthop in state.nexthops if nexthop.link == name),
        static_macs=state.static_macs_on(name),
    )


@click.command()
@nic_argument
@bridge_option
@bridge_options
@flavour_option
@json_option
@store_options
def interfaces(
    nic: str | None,
    bridge: str,
    wishes: Wishes,
    flavour: str | None,
    as_json: bool,
    store: Store,
) -> None:
    """Print the interfaces(5) section that makes the bridge at boot; change nothing.

    It describes what the NIC has now, or the bridge if the NIC is its port already.
    """
    state = machine.network()
    name = planning.named(state, nic) or planning.default_nic(state, bridge, store)
    link = state.link(name)
    if link is None:
        raise Refused(f"there is no interface {name}; nothing was changed")
    intent = Intent(name, bridge, "bridge", wishes)
    after = state if link.controller == bridge else bridged(state, intent)
    extras = Extras(leased=persisting.leased(after, bridge))
    text = persisting.stanza_text(after, intent, extras, installed.flavour(flavour))
    click.echo(as_json_text({"text": text}) if as_json else text, nl=as_json)
