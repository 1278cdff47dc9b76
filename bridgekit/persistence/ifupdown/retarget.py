"""An interface's own stanzas, word for word, as a bridge's."""

from bridgekit.persistence.ifupdown.interfaces import IfaceDefinition, rename_link
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.interfaces.hooks import HOOKS
from bridgekit.persistence.ifupdown.interfaces.names import is_link_or_alias
from bridgekit.persistence.ifupdown.render_bridge import ETHERNET_MTU
from bridgekit.persistence.ifupdown.template import IfaceStanza


def retarget(
    definitions: tuple[IfaceDefinition, ...], nic: str, bridge: str, options: tuple[Option, ...]
) -> tuple[IfaceStanza, ...]:
    """Return the NIC's stanzas as the bridge's; the first one gets these options, too.

    Its commands name the bridge where they named the NIC. An alias such as `eth0:1` becomes one of
    the bridge. An option that a stanza has already is not added. At least one stanza must be no
    alias's.
    """
    present = {option.name for one in definitions for option in one.options} - HOOKS
    added = tuple(option for option in options if option.name not in present)
    aliases = [one for one in definitions if is_link_or_alias(one.name, nic) and one.name != nic]
    first, *others = (one for one in definitions if one not in aliases)
    stanzas = [_stanza(first, nic, bridge, added, auto=True)]
    stanzas += [_stanza(one, nic, bridge) for one in others]
    names = [bridge + one.name.removeprefix(nic) for one in aliases]
    for number, (alias, name) in enumerate(zip(aliases, names, strict=True)):
        stanzas.append(_stanza(alias, nic, name, auto=name not in names[:number]))
    return tuple(stanzas)


def configured_mtu(definitions: tuple[IfaceDefinition, ...]) -> int:
    """Return the MTU that the stanzas give.

    Ethernet's, which needs no option, if they give none.
    """
    values = (o.value for one in definitions for o in one.options if o.name == "mtu")
    return int(next(filter(str.isdecimal, values), ETHERNET_MTU))


def _stanza(
    definition: IfaceDefinition,
    nic: str,
    name: str,
    added: tuple[Option, ...] = (),
    auto: bool = False,
) -> IfaceStanza:
    bridge = name.partition(":")[0]
    own = (
        rename_link(option, nic, bridge) if option.name in HOOKS else option
        for option in definition.options
    )
    return IfaceStanza(name, definition.family, definition.method, (*own, *added), auto)
