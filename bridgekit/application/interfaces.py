"""`interfaces`: the interfaces(5) text of a bridge, and what differs from it on the host."""

from pathlib import Path

from msgspec import Struct

from bridgekit.application import persist
from bridgekit.application.find_nic import find_nic
from bridgekit.application.ifupdown import choose_options
from bridgekit.errors import RefusedError
from bridgekit.host import machine
from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.planning.target_state import bridged_state
from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState
from bridgekit.transaction.store import Store


class InterfacesRequest(Struct, frozen=True):
    """Which NIC and bridge, in which file and dialect."""

    nic: str | None
    bridge: str
    spec: BridgeSpec
    interfaces_file: Path
    dialect: str | None


def render_interfaces(request: InterfacesRequest, store: Store, *, cidr: bool) -> str:
    """Return the stanza of the bridge as it is, or as it would be with the NIC as its port.

    `cidr`: 192.168.1.4/24 instead of an address and a netmask.
    """
    state, nic = _read(request, store)
    intent = Intent(nic.name, request.bridge, "bridge", request.spec)
    state = machine.with_settings(state, nic.name, request.bridge)
    after = state if nic.controller == request.bridge else bridged_state(state, intent)
    options = choose_options(request.dialect)
    return persist.bridge_stanza(after, intent, options, cidr=cidr)


def check_interfaces(request: InterfacesRequest, store: Store) -> tuple[str, list[str]]:
    """Return the link that the file is compared with, and what differs, each in a sentence."""
    state, nic = _read(request, store)
    name = request.bridge if nic.controller == request.bridge else nic.name
    options = choose_options(request.dialect)
    return name, persist.find_differences(request.interfaces_file, state, name, options)


def _read(request: InterfacesRequest, store: Store) -> tuple[NetworkState, Link]:
    state = machine.network()
    name = find_nic(state, request.nic, request.bridge, store)
    link = state.link(name)
    if link is None:
        raise RefusedError(f"there is no interface {name}; nothing was changed")
    return state, link
