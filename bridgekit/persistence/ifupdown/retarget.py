"""An interface's own stanzas, word for word, as a bridge's."""

from bridgekit.persistence.ifupdown.interfaces import IfaceDefinition, rename_link
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.interfaces.hooks import HOOKS
from bridgekit.persistence.ifupdown.render_bridge import ETHERNET_MTU
from bridgekit.persistence.ifupdown.template import IfaceStanza


def retarget(
    definitions: tuple[IfaceDefinition, ...],
    names: tuple[str, ...],
    bridge: str,
    options: tuple[Option, ...],
) -> tuple[IfaceStanza, ...]:
    """Return the NIC's stanzas as the bridge's; the first one gets these options, too.

    `names`: the NIC's. Its commands name the bridge where they named the NIC. An alias such as
    `eth0:1` becomes one of the bridge. An option that a stanza has already is not added. At least
    one stanza must be no alias's.
    """
    present = {option.name for one in definitions for option in one.options} - HOOKS
    added = tuple(option for option in options if option.name not in present)
    aliases = [one for one in definitions if _is_alias(one.name, names)]
    first, *others = (one for one in definitions if one not in aliases)
    stanzas = [_stanza(first, names, bridge, added, auto=True)]
    stanzas += [_stanza(one, names, bridge) for one in others]
    labels = [bridge + one.name[one.name.index(":") :] for one in aliases]
    for number, (alias, label) in enumerate(zip(aliases, labels, strict=True)):
        stanzas.append(_stanza(alias, names, label, auto=label not in labels[:number]))
    return tuple(stanzas)


def _is_alias(name: str, names: tuple[str, ...]) -> bool:
    link, colon, _ = name.partition(":")
    return bool(colon) and link in names


def configured_mtu(definitions: tuple[IfaceDefinition, ...]) -> int:
    """Return the MTU that the stanzas give.

    Ethernet's, which needs no option, if they give none.
    """
    values = (o.value for one in definitions for o in one.options if o.name == "mtu")
    return int(next(filter(str.isdecimal, values), ETHERNET_MTU))


def _stanza(
    definition: IfaceDefinition,
    names: tuple[str, ...],
    name: str,
    added: tuple[Option, ...] = (),
    auto: bool = False,
) -> IfaceStanza:
    bridge = name.partition(":")[0]
    own = (
        rename_link(option, names, bridge) if option.name in HOOKS else option
        for option in definition.options
    )
    return IfaceStanza(name, definition.family, definition.method, (*own, *added), auto)
