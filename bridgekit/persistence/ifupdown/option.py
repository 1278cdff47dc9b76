"""The parts of an interfaces(5) stanza."""

from msgspec import Struct


class Option(Struct, frozen=True):
    """One option line of a stanza."""

    name: str
    value: str


class OptionGroup(Struct, frozen=True):
    """The lines that begin a stanza (`auto`, `iface`), and its options."""

    heads: tuple[str, ...]
    options: tuple[Option, ...]
