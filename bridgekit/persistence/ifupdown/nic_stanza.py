"""The stanzas that a NIC keeps as a bridge's port: everything that the bridge's do not say.

So `$IFACE`, the scripts in /etc/network/if-*.d and the options of other programs (ethtool, wpa,
bonding, VLANs) act on the NIC at boot as before.
"""

import re

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.commands.placement import Links, place
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces import IfaceDefinition
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.template import IfaceStanza

MADE_PORT = (
    "up",
    "ip link set dev {0} addrgenmode none && ip -6 address flush dev {0} || true",
)
"""The port option of a link that exists only after the `pre-up` lines."""
MAKING_OPTIONS = ("bond", "slaves", "vlan")
"""How the names of options begin that make ifenslave's and vlan's hooks make a link."""
VLAN_NAME = re.compile(r".+\.[0-9]+|vlan[0-9]+")
"""Names of which ifupdown makes VLANs: interfaces(5), "VLAN AND BRIDGE INTERFACES"."""


class StanzaParts(Struct, frozen=True):
    """One stanza of an interface, divided.

    `own`: options that stay its own. `dns`: those for resolvconf. `shown`: hooks whose effect the
    bridge's state shows. `undivided`: hooks that do both.
    """

    definition: IfaceDefinition
    own: tuple[Option, ...]
    dns: tuple[Option, ...]
    shown: tuple[Option, ...]
    undivided: tuple[Option, ...]

    @property
    def as_bridge(self) -> IfaceDefinition:
        """The stanza without what stays the interface's own."""
        hooks = interfaces.HOOKS
        gone = {option for option in self.own if option.name not in hooks}
        plain = (o for o in self.definition.options if o.name not in hooks and o not in gone)
        return replace(self.definition, options=(*plain, *self.shown))


def divide_stanza(
    definition: IfaceDefinition, from_state: frozenset[str], links: Links
) -> StanzaParts:
    """Divide a stanza into what stays the interface's own and what the bridge's state shows."""
    options = interfaces.own_options(definition, from_state)
    placed = place((one for one in options if not interfaces.is_dns(one)), links)
    dns = tuple(one for one in options if interfaces.is_dns(one))
    return StanzaParts(definition, placed.nic, dns, placed.bridge, placed.undivided)


def is_made_by_hooks(nic: str, parts: tuple[StanzaParts, ...], dialect: Dialect) -> bool:
    """Return whether hooks of classic ifupdown make the link: a bond or a VLAN."""
    if dialect is not CLASSIC or not parts:
        return False
    names = (option.name for one in parts for option in one.own)
    by_option = any(name.startswith(MAKING_OPTIONS) for name in names)
    return by_option or bool(VLAN_NAME.fullmatch(nic))


def joining_line(nic: str, bridge: str) -> Option:
    """Return the line that makes such a link a port: bridge-utils looks for its ports once."""
    return Option("up", f"ip link set dev {nic} master {bridge}")


def nic_stanzas(
    name: str, parts: tuple[StanzaParts, ...], dialect: Dialect
) -> tuple[IfaceStanza, ...]:
    """Return the NIC's stanzas: it comes up without an address, not even a link-local one.

    The option for that stands last: a line before it may make the link.
    """
    option, value = MADE_PORT if is_made_by_hooks(name, parts, dialect) else dialect.port_option
    port = Option(option, value.format(name))
    if dialect.merges_stanzas or not parts:
        own = tuple(dict.fromkeys(option for one in parts for option in one.own))
        return (IfaceStanza(name, "inet", "manual", (*own, port)),)
    first, *others = parts
    return (
        IfaceStanza(name, first.definition.family, "manual", (*first.own, port)),
        *(IfaceStanza(name, one.definition.family, "manual", one.own) for one in others if one.own),
    )
