"""What ifupdown 0.8 makes of interfaces(5): a file and all that it includes, read as one."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces.document import Document
from bridgekit.persistence.ifupdown.interfaces.names import Target, matches, target
from bridgekit.persistence.ifupdown.option import Option

LOOPBACK = "lo"
REPEATED = frozenset({"pre-up", "up", "down", "post-down"})
"""Options that stay apart when they are given again; the values of others are put together."""


class Definition(Struct, frozen=True):
    """One `iface` stanza with what it inherits.

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
    """A name that ends in `?` counts only where it has no value yet."""
    name = option.name.removesuffix("?")
    at = next((at for at, other in enumerate(made) if other.name == name), None)
    if at is None or option.name in REPEATED:
        made.append(Option(name, option.value))
    elif name == option.name:
        made[at] = Option(name, f"{made[at].value}\n{option.value}")


class Mapping(Struct, frozen=True):
    """A `mapping` stanza: for interfaces of these names a script says which stanza they get."""

    patterns: tuple[str, ...]
    script: str | None
    maps: tuple[str, ...]

    def concerns(self, name: str) -> bool:
        return any(matches(name, pattern) for pattern in self.patterns)


class Problem(Struct, frozen=True):
    """What ifup does not take.

    After a fatal one it reads no more of an included file, and nothing at all if the main file has
    it.
    """

    path: str
    line: int
    message: str
    fatal: bool


class ParsedInterfaces(Struct, frozen=True):
    """An interfaces(5) file with all that it includes, as ifup 0.8 takes it.

    `documents` has each file once, in the order of reading. `activated` has the words of `auto`
    and of each `allow-CLASS`; `lo` is in `auto` always.
    """

    main: str
    documents: dict[str, Document]
    activated: dict[str, tuple[str, ...]]
    definitions: tuple[Definition, ...]
    mappings: tuple[Mapping, ...]
    renames: tuple[Target, ...]
    no_auto_down: tuple[str, ...]
    no_scripts: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def taken(self) -> bool:
        """Does ifup take the file at all?"""
        return not any(p.fatal and p.path == self.main for p in self.problems)

    def called(self, name: str) -> tuple[Definition, ...]:
        """The stanzas of this name."""
        return tuple(one for one in self.definitions if one.name == name)

    def knows(self, name: str) -> bool:
        """Is there a stanza for this name, or a mapping that may lead to one?"""
        implied = not any(one.method == "loopback" for one in self.definitions)
        mapped = any(mapping.concerns(name) for mapping in self.mappings)
        return bool(self.called(name)) or mapped or (name == LOOPBACK and implied)

    def stanza_of(self, link: str) -> str:
        """The name of the stanza that the interface gets.

        The first word that brings it up decides; `auto` comes first at boot.
        """
        return next((one.stanza_for(link) for one in self._words_for(link)), link)

    def brings_up(self, link: str) -> bool:
        """Does some `auto` or `allow-…` bring the interface up?"""
        return any(self._words_for(link))

    def _words_for(self, link: str) -> Iterator[Target]:
        words = (target(word) for group in self.activated.values() for word in group)
        return (one for one in words if one.may_match(link) and not one.is_guess)

    def running(self, link: str) -> tuple[str, ...]:
        """What ifup notes when the interface is up, with the aliases that come up with it.

        `NAME=STANZA` for each.
        """
        own = self.stanza_of(link)
        found = {link: own} if self.called(own) else {}
        for one in (target(word) for group in self.activated.values() for word in group):
            if one.physical.startswith(f"{link}:") and "/" not in one.physical:
                found.setdefault(one.physical, one.stanza_for(one.physical))
        return tuple(f"{name}={stanza}" for name, stanza in found.items())

    def listed(self, group: str, existing: Iterable[str]) -> tuple[Target, ...]:
        """What `ifup -a` (group `auto`) or `--allow=GROUP` brings up, in its order.

        `existing`: the names of the kernel's interfaces, which patterns pick from. Patterns for
        anything but names match nothing here; what `rename` changes is not changed.
        """
        here = tuple(existing)
        words = (word for given in self.activated.get(group, ()) for word in _picked(given, here))
        targets = (target(word) for word in dict.fromkeys(words))
        return tuple(one for one in targets if self.knows(one.stanza_for(one.physical)))


def _picked(word: str, existing: tuple[str, ...]) -> tuple[str, ...]:
    """A word of `auto` with its pattern replaced by the names that match."""
    wanted = target(word)
    if not wanted.is_pattern:
        return (word,)
    found = [name for name in existing if not wanted.is_guess and wanted.may_match(name)]
    if wanted.number:
        found = found[wanted.number - 1 : wanted.number]
    end = "" if wanted.logical is None else f"={wanted.logical}"
    return tuple(name + end for name in found)
