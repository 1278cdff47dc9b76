"""The finished values from which templates/interfaces.j2 makes the text of interfaces(5)."""

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces.document import Option


class IfaceStanza(Struct, frozen=True):
    """One `iface` stanza to be written, and the lines in front of it.

    `family` and `method` are empty where the file leaves them out, as ifupdown-ng's may. `auto` and
    `no_auto_down`: the interface comes up at boot, and stays up when the host goes down.
    """

    name: str
    family: str
    method: str
    options: tuple[Option, ...] = ()
    auto: bool = False
    no_auto_down: bool = False


def fill(template: str, stanzas: tuple[IfaceStanza, ...]) -> str:
    """Return the template's text filled with the stanzas."""
    from jinja2 import Environment, StrictUndefined  # 50 ms to import; most verbs write no file

    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    return environment.from_string(template).render(stanzas=stanzas)
