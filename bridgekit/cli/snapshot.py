"""The verb `snapshot`."""

from itertools import chain
from typing import Any

import click
import msgspec

from bridgekit.application.snapshot import snapshot_nic
from bridgekit.cli.options import bridge_option, json_option, nic_argument, store_option
from bridgekit.cli.output import StreamedList, print_json, print_text
from bridgekit.cli.plan_output import topology
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route
from bridgekit.transaction.store import Store

VALUES = ("links", "addresses", "neighbours")
WORDS = {
    "routes": "route",
    "rules": "rule",
    "nexthops": "nexthop",
    "static_macs": "MAC address",
}


@click.command()
@nic_argument
@bridge_option
@json_option
@store_option
def snapshot(nic: str | None, bridge: str, as_json: bool, store: Store) -> None:
    """Show what of the NIC would be moved: addresses, routes, rules, neighbours and the like."""
    state = snapshot_nic(nic, bridge, store)
    texts = _texts(state)
    if as_json:
        print_json({key: msgspec.to_builtins(getattr(state, key)) for key in VALUES} | texts)
        return
    names = [link.name for link in state.links]
    listed = (f"{WORDS[key]} {text}" for key, found in texts.items() for text in found)
    neighbours = (f"neighbour {entry}" for entry in state.neighbours)
    for line in chain(topology(state, names), listed, neighbours):
        print_text(line)


def _texts(state: NetworkState) -> dict[str, Any]:
    routes = state.routes
    return {
        "routes": StreamedList(
            format_route(message, routes.name) for message in routes.all_messages()
        ),
        "rules": [str(rule) for rule in state.rules],
        "nexthops": [str(nexthop) for nexthop in state.nexthops],
        "static_macs": [entry.mac for entry in state.static_macs],
    }
