"""The VLANs of a bridge and its port. Options give VLANs to all ports, or not to the bridge."""

import re
from collections.abc import Iterator

from bridgekit.persistence.ifupdown.dialect import IFUPDOWN2, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.state.link import BridgeOptions, Link, Vlan

VLAN_OPTION = re.compile(r"bridge[-_](port[-_])?(vids|pvids?|access|allow[-_]untagged)")
"""Options by which a bridge's stanza gives itself or its ports VLANs, in one dialect or another."""
Vlans = tuple[Vlan, ...]


def vlan_options(
    dialect: Dialect, link: Link, port: str, port_vlans: Vlans | None, kept: tuple[Option, ...]
) -> Iterator[Option]:
    """Yield the VLANs of the bridge and its port where they are not those of a new bridge.

    `port_vlans`: None for the kernel's choice. `kept`: other options of the stanza.
    """
    if not link.bridge or not link.bridge.vlan_filtering:
        return
    default = link.bridge.default_pvid
    has_vlan_option = any(VLAN_OPTION.fullmatch(option.name) for option in kept)
    if default != BridgeOptions().default_pvid:
        if dialect is IFUPDOWN2 and default and not has_vlan_option:
            yield Option("bridge-pvid", str(default))  # or ifreload puts ports into VLAN 1
        yield Option("up", f"ip link set dev {link.name} type bridge vlan_default_pvid {default}")
    usual = (Vlan(default, default, pvid=True, untagged=True),) if default else ()
    for device, vlans in ((f"{link.name} self", link.vlans), (port, port_vlans)):
        if has_vlan_option or vlans not in (None, usual):
            yield Option("up", _replace_vlans(device, usual if vlans is None else vlans))


def _replace_vlans(device: str, vlans: Vlans) -> str:
    """Return commands that remove what an option, or the kernel, has added, and add these."""
    commands = (f"bridge vlan add dev {device} {vlan}" for vlan in vlans)
    return "; ".join((f"bridge vlan delete dev {device} vid 1-4094", *commands))
