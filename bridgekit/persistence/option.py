"""The parts of an interfaces(5) section."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One option line of a stanza."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Stanza:
    """The lines that begin a stanza (`auto`, `iface`), and its options."""

    heads: tuple[str, ...]
    options: tuple[Option, ...]
