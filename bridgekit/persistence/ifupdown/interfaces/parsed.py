"""What ifupdown 0.8 reads in interfaces(5): a file and all that it includes, as one value."""

from collections.abc import Iterator

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces.document import Document, Option
from bridgekit.persistence.ifupdown.interfaces.names import Target, matches, parse_target

LOOPBACK = "lo"
REPEATABLE = frozenset({"pre-up", "up", "down", "post-down"})
"""Options that stay apart when they are repeated; the values of others are joined by a newline."""


class IfaceDefinition(Struct, frozen=True):
    """One `iface` stanza with what it inherits; `interface_defn` in ifupdown's header.h.

    `options` stand as they were written, inherited ones first. `path` is the file, `line` its line.
    """

    name: str
    family: str
    method: str
    inherits: str | None
    options: tuple[Option, ...]
    path: str
    line: int

    @property
    def joined(self) -> tuple[Option, ...]:
        """The options as `ifquery` prints them."""
        made: list[Option] = []
        for option in self.options:
            _join(made, option)
        return tuple(made)


def _join(made: list[Option], option: Option) -> None:
    """Add an option; a name that ends in `?` counts only where it has no value yet."""
    name = option.name.removesuffix("?")
    at = next((at for at, other in enumerate(made) if other.name == name), None)
    if at is None or option.name in REPEATABLE:
        made.append(Option(name, option.value))
    elif name == option.name:
        made[at] = Option(name, f"{made[at].value}\n{option.value}")


class Mapping(Struct, frozen=True):
    """A `mapping` stanza: a script chooses the stanza of interfaces with these names."""

    patterns: tuple[str, ...]
    script: str | None
    maps: tuple[str, ...]

    def applies_to(self, name: str) -> bool:
        """Return whether an interface of this name gets its stanza from the script."""
        return any(matches(name, pattern) for pattern in self.patterns)


class Problem(Struct, frozen=True):
    """What ifup complains of.

    After a fatal problem it reads no more of an included file; of the main file, nothing at all.
    """

    path: str
    line: int
    message: str
    fatal: bool


class ParsedInterfaces(Struct, frozen=True):
    """An interfaces(5) file with all that it includes, as ifup 0.8 reads it.

    `documents` has each file once, in the order of reading. `activated` has the words of `auto`
    and of each `allow-CLASS`; `lo` is in `auto` always.
    """

    main: str
    documents: dict[str, Document]
    activated: dict[str, tuple[str, ...]]
    definitions: tuple[IfaceDefinition, ...]
    mappings: tuple[Mapping, ...]
    renames: tuple[Target, ...]
    no_auto_down: tuple[str, ...]
    no_scripts: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def accepted(self) -> bool:
        """Whether ifup reads the file at all."""
        return not any(p.fatal and p.path == self.main for p in self.problems)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The words of `auto` and of each `allow-CLASS`, in their order."""
        return tuple(parse_target(word) for words in self.activated.values() for word in words)

    def definitions_of(self, name: str) -> tuple[IfaceDefinition, ...]:
        """Return the stanzas of this name."""
        return tuple(one for one in self.definitions if one.name == name)

    def logical_name(self, link: str) -> str:
        """Return the name of the stanza that the interface gets: its logical interface, ifup(8).

        The first word that brings it up decides; `auto` comes first at boot.
        """
        return next((target.logical_for(link) for target in self._bringing_up(link)), link)

    def brings_up(self, link: str) -> bool:
        """Return whether some `auto` or `allow-…` brings the interface up."""
        return any(self._bringing_up(link))

    def _bringing_up(self, link: str) -> Iterator[Target]:
        return (one for one in self.targets if one.may_match(link) and not one.is_guess)

    def ifstate_lines(self, link: str) -> tuple[str, ...]:
        """Return ifup's record of the interface when it is up, and of aliases that come up with it.

        The lines are those of /run/network/ifstate: NAME=STANZA.
        """
        own = self.logical_name(link)
        stanzas = {link: own} if self.definitions_of(own) else {}
        for target in self.targets:
            if target.physical.startswith(f"{link}:") and not target.is_pattern:
                stanzas.setdefault(target.physical, target.logical_for(target.physical))
        return tuple(f"{name}={stanza}" for name, stanza in stanzas.items())
