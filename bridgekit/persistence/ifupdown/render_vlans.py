"""In which VLANs a bridge and its port are. Words give VLANs to all ports, or not to the bridge."""

import re
from collections.abc import Iterator

from bridgekit.persistence.ifupdown.dialect import IFUPDOWN2, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.state.link import BridgeOptions, Link, Vlan

OF_ALL_PORTS = re.compile(r"bridge[-_](port[-_])?(vids|pvids?|access|allow[-_]untagged)")
"""Words by which a bridge's stanza gives itself or its ports VLANs, as the dialect has it."""
Vlans = tuple[Vlan, ...]


def vlans(
    dialect: Dialect, link: Link, port: str, ported: Vlans | None, kept: tuple[Option, ...]
) -> Iterator[Option]:
    """Say in which VLANs the bridge and its port are, if that is not what comes by itself.

    `ported`: the port's; None for the kernel's choice. `kept`: what the stanza says otherwise.
    """
    if not link.bridge or not link.bridge.vlan_filtering:
        return
    default = link.bridge.default_pvid
    worded = any(OF_ALL_PORTS.fullmatch(option.name) for option in kept)
    if default != BridgeOptions().default_pvid:
        if dialect is IFUPDOWN2 and default and not worded:  # or ifreload puts ports into VLAN 1
            yield Option("bridge-pvid", str(default))
        yield Option("up", f"ip link set dev {link.name} type bridge vlan_default_pvid {default}")
    new = (Vlan(default, default, pvid=True, untagged=True),) if default else ()
    for place, there in ((f"{link.name} self", link.vlans), (port, ported)):
        if worded or there not in (None, new):
            yield Option("up", _alone(place, new if there is None else there))


def _alone(place: str, wanted: Vlans) -> str:
    """It takes off what a word, or the kernel, has given."""
    lines = (f"bridge vlan add dev {place} {vlan}" for vlan in wanted)
    return "; ".join((f"bridge vlan delete dev {place} vid 1-4094", *lines))
