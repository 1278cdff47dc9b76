"""`snapshot` and `interfaces`: what is there, and how it would be written down."""

import sys
from itertools import chain
from pathlib import Path

import click
import msgspec

from bridgekit import report
from bridgekit.application import installed, persisting, planning
from bridgekit.cli.bridge_options import bridge_options
from bridgekit.cli.options import (
    as_json_text,
    bridge_option,
    dialect_option,
    interfaces_option,
    json_option,
    nic_argument,
    print_json,
    say,
    store_options,
)
from bridgekit.errors import RefusedError, refuse_on_error
from bridgekit.host import machine
from bridgekit.persistence.ifupdown.dialect import Dialect
from bridgekit.persistence.ifupdown.drift import find_drift
from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.planning.target_state import bridged_state
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.format import format_route
from bridgekit.system import atomic_file
from bridgekit.transaction.store import Store

DIFFERENT = 10


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
            format_route(message, state.routes.name) for message in state.routes.all_messages()
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


def _of(state: NetworkState, name: str) -> NetworkState:
    """The part of the state that is this link's."""
    link = state.link(name)
    if link is None:
        raise RefusedError(f"there is no interface {name}; nothing was changed")
    return NetworkState(
        links=(link,),
        addresses=state.addresses_on(name),
        routes=state.routes.on_link(name),
        neighbours=state.neighbours_on(name),
        rules=tuple(rule for rule in state.rules if rule.names(name)),
        nexthops=tuple(nexthop for nexthop in state.nexthops if nexthop.link == name),
        static_macs=state.static_macs_on(name),
    )


@click.command()
@nic_argument
@bridge_option
@bridge_options
@interfaces_option
@dialect_option
@json_option
@click.option(
    "--style",
    type=click.Choice(["classic", "cidr"]),
    default="classic",
    show_default=True,
    help="192.168.1.4 and a netmask, or 192.168.1.4/24.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to a file.")
@click.option("--check", is_flag=True, help="Does the file lead to what the host has? 10 if not.")
@store_options
def interfaces(
    nic: str | None,
    bridge: str,
    spec: BridgeSpec,
    interfaces_file: Path,
    dialect: str | None,
    as_json: bool,
    style: str,
    out: Path | None,
    check: bool,
    store: Store,
) -> None:
    """Print the interfaces(5) stanza that makes the bridge at boot; change nothing.

    It describes what the NIC has now, or the bridge if the NIC is its port already.

    \b
    Examples:
      bridgekit interfaces eth0               from what it has, not from its stanza
      bridgekit interfaces --style cidr       with 192.168.1.4/24 instead of a netmask
      bridgekit interfaces --out br0.cfg      into a file of its own
      bridgekit interfaces --check            does the file lead to what the host has?
    """
    state = machine.network()
    name = planning.named(state, nic) or planning.default_nic(state, bridge, store)
    link = state.link(name)
    if link is None:
        raise RefusedError(f"there is no interface {name}; nothing was changed")
    intent = Intent(name, bridge, "bridge", spec)
    chosen = installed.dialect(dialect)
    if check:
        subject = bridge if link.controller == bridge else name
        _checked(state, subject, interfaces_file, chosen, as_json)
        return
    state = machine.with_settings(state, name, bridge)
    after = state if link.controller == bridge else bridged_state(state, intent)
    text = persisting.bridge_stanza(after, intent, chosen, cidr=style == "cidr")
    if out:
        with refuse_on_error():
            atomic_file.write(out, text.encode())
    else:
        click.echo(as_json_text({"text": text}) if as_json else text, nl=as_json)


def _checked(state: NetworkState, link: str, main: Path, dialect: Dialect, as_json: bool) -> None:
    """Tell on what the file and the link do not agree, and end with 10 if there is something."""
    with refuse_on_error():
        found = find_drift(persisting.read(main, dialect), state, link)
    if as_json:
        click.echo(as_json_text({"link": link, "differences": found}))
    else:
        for text in found or (f"{main} gives {link} what it has",):
            say(text)
    if found:
        sys.exit(DIFFERENT)
