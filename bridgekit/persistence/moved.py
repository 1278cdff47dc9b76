"""An interface's own sections, word for word, as a bridge's."""

from bridgekit.persistence.interfaces import Definition, renamed
from bridgekit.persistence.interfaces.names import is_of
from bridgekit.persistence.option import Option, Stanza


def moved(
    sections: tuple[Definition, ...], nic: str, bridge: str, words: tuple[Option, ...]
) -> tuple[Stanza, ...]:
    """Return the NIC's sections as the bridge's; the first one has these words of a bridge, too.

    Only `ip` commands change: they name the bridge where they named the NIC. An alias such as
    `eth0:1` is one of the bridge from now on.
    """
    made, seen = [], set[str]()
    for section in sections:
        alias = section.name.removeprefix(nic) if is_of(section.name, nic) else ""
        name = bridge + alias
        auto = () if name in seen else (f"auto {name}",)
        head = " ".join(filter(None, ("iface", name, section.family, section.method)))
        options = tuple(renamed(option, nic, bridge) for option in section.options)
        made.append(Stanza((*auto, head), options if seen else (*options, *words)))
        seen.add(name)
    return tuple(made)
