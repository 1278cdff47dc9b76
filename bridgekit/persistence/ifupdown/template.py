"""The finished values from which templates/interfaces.j2 makes the text of interfaces(5)."""

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces.document import Option


class OptionGroup(Struct, frozen=True):
    """The lines that begin a stanza (`auto`, `iface`), and its options."""

    heads: tuple[str, ...]
    options: tuple[Option, ...]
