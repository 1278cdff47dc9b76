"""An interface's own stanzas, word for word, as a bridge's."""

from bridgekit.persistence.ifupdown.interfaces import IfaceDefinition, pin_to_nic, rename_link
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.interfaces.hooks import HOOKS
from bridgekit.persistence.ifupdown.interfaces.names import is_link_or_alias
from bridgekit.persistence.ifupdown.render_bridge import ETHERNET_MTU
from bridgekit.persistence.ifupdown.template import OptionGroup


def retarget(
    stanzas: tuple[IfaceDefinition, ...], nic: str, bridge: str, words: tuple[Option, ...]
) -> tuple[OptionGroup, ...]:
    """Return the NIC's stanzas as the bridge's; its first one has these words of a bridge, too.

    Commands that are about the card stay so, and other `ip` commands name the bridge where they
    named the NIC. An alias such as `eth0:1` is one of the bridge from now on. What a stanza says
    by itself is not said twice. There must be one that is no alias's.
    """
    said = {option.name for one in stanzas for option in one.options} - HOOKS
    left = tuple(option for option in words if option.name not in said)
    aliases = [one for one in stanzas if is_link_or_alias(one.name, nic) and one.name != nic]
    first, *others = (one for one in stanzas if one not in aliases)
    made = [_stanza(first, nic, bridge, left, begins=True)]
    made += [_stanza(one, nic, bridge) for one in others]
    names = [bridge + one.name.removeprefix(nic) for one in aliases]
    for number, (one, name) in enumerate(zip(aliases, names, strict=True)):
        made.append(_stanza(one, nic, name, begins=name not in names[:number]))
    return tuple(made)


def mtu(stanzas: tuple[IfaceDefinition, ...]) -> int:
    """Return the MTU that the stanzas give; Ethernet's, which needs no word, if they give none."""
    given = (o.value for one in stanzas for o in one.options if o.name == "mtu")
    return int(next(filter(str.isdecimal, given), ETHERNET_MTU))


def _stanza(
    stanza: IfaceDefinition,
    nic: str,
    name: str,
    words: tuple[Option, ...] = (),
    begins: bool = False,
) -> OptionGroup:
    head = " ".join(filter(None, ("iface", name, stanza.family, stanza.method)))
    bridge = name.partition(":")[0]
    own = (rename_link(pin_to_nic(option, nic), nic, bridge) for option in stanza.options)
    return OptionGroup((f"auto {name}", head) if begins else (head,), (*own, *words))
