"""Parse interfaces(5) as ifupdown 0.8 does, file by file, with its complaints."""

import contextlib
from collections.abc import Iterator

from msgspec import Struct

from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import (
    Document,
    Option,
    Stanza,
    allow_class,
    is_inclusion,
    is_selection,
    parse,
    selects_enclosing,
)
from bridgekit.persistence.ifupdown.interfaces.lines import Line
from bridgekit.persistence.ifupdown.interfaces.names import Target, parse_target
from bridgekit.persistence.ifupdown.interfaces.parsed import (
    LOOPBACK,
    IfaceDefinition,
    Mapping,
    ParsedInterfaces,
    Problem,
)
from bridgekit.persistence.ifupdown.interfaces.sources import (
    Files,
    NotExpandedError,
    included_paths,
)

METHODS = {
    "inet": ("loopback", "static", "manual", "dhcp", "bootp", "tunnel", "ppp", "wvdial", "ipv4ll"),
    "inet6": ("loopback", "static", "manual", "dhcp", "auto", "tunnel", "v4tunnel", "6to4"),
    "ipx": ("static", "dynamic"),
    "can": ("static",),
    "meta": ("none",),
}
BRIDGE_VLAN = "vlan"
"""Starts ifupdown2's stanza for multicast in one VLAN of a bridge: no interface, no address."""
HOOK_SYNONYMS = {"post-up": "up", "pre-down": "down"}


def parse_files(
    main: str, files: Files, strict: bool = True, dialect: Dialect = CLASSIC
) -> ParsedInterfaces:
    """Parse an interfaces(5) file and those that it includes, as ifup 0.8 does.

    `strict`: stop where ifup stops. Otherwise go on after errors: ifupdown2 and ifupdown-ng read
    files that ifup 0.8 does not. `dialect`: whose keywords start a stanza.
    """
    parser = _Parser(normalise(main), files, strict, dialect)
    parser.file(main)
    return ParsedInterfaces(
        parser.main,
        parser.documents,
        {group: tuple(words) for group, words in parser.activated.items()},
        tuple(parser.definitions),
        tuple(parser.mappings),
        tuple(parser.renames),
        tuple(parser.no_auto_down),
        tuple(parser.no_scripts),
        tuple(parser.problems),
    )


def normalise(path: str) -> str:
    """Return a path without doubled slashes and single dots; `..` stays, for links matter."""
    start = "/" if path.startswith("/") else ""
    return start + "/".join(part for part in path.split("/") if part not in ("", "."))


class _StopError(Exception):
    """ifup reads no more of this file."""


class _IfaceHead(Struct, frozen=True):
    """The line `iface NAME [FAMILY] [METHOD] [inherits PARENT]`; `rest` begins after the method."""

    name: str
    family: str
    method: str
    rest: tuple[str, ...]

    @property
    def inherits(self) -> bool:
        """Whether the line says `inherits`."""
        return self.rest[:1] == ("inherits",)

    @property
    def parent(self) -> str | None:
        """The stanza that it inherits from."""
        return self.rest[1] if self.inherits and len(self.rest) > 1 else None


def _iface_head(words: tuple[str, ...]) -> _IfaceHead:
    """Divide the words of an `iface` line; family and method are empty where they are inherited."""
    name, *rest = words or ("",)
    family = rest.pop(0) if rest and rest[0] in METHODS else ""
    method = rest.pop(0) if rest and rest[0] in METHODS.get(family, ()) else ""
    return _IfaceHead(name, family, method, tuple(rest))


class _Parser:
    """Collects what the files say."""

    def __init__(self, main: str, files: Files, strict: bool, dialect: Dialect) -> None:
        self.main, self.files, self.strict, self.dialect = main, files, strict, dialect
        self.seen = set[str]()
        self.open_files: list[str] = []
        self.documents: dict[str, Document] = {}
        self.activated: dict[str, list[str]] = {"auto": [LOOPBACK]}
        self.definitions: list[IfaceDefinition] = []
        self.mappings: list[Mapping] = []
        self.renames: list[Target] = []
        self.no_auto_down: list[str] = []
        self.no_scripts: list[str] = []
        self.problems: list[Problem] = []

    def file(self, path: str, line: Line | None = None) -> None:
        """Parse a file once under each name, unless it is being parsed already."""
        if path in self.seen:
            return
        self.seen.add(path)
        text = self.files.text(path)
        if text is None or normalise(path) in self.open_files:
            self._complain(line, "it includes itself" if text else f"cannot read {path}")
            return
        document = self.documents.setdefault(normalise(path), parse(text, self.dialect))
        self.open_files.append(normalise(path))
        with contextlib.suppress(_StopError):
            for stanza in document.stanzas:
                self._stanza(path, stanza)
        self.open_files.pop()

    def _complain(self, line: Line | None, message: str, fatal: bool = False) -> None:
        path = self.open_files[-1] if self.open_files else self.main
        self.problems.append(Problem(path, line.number if line else 0, message, fatal))

    def _refuse(self, line: Line, message: str) -> None:
        self._complain(line, message, fatal=True)
        if self.strict:
            raise _StopError

    def _stanza(self, path: str, stanza: Stanza) -> None:
        keyword, head = stanza.keyword, stanza.head
        if head and keyword == "iface":
            self._iface(head, stanza)
        elif keyword == "mapping":
            self._mapping(stanza)
        elif keyword != BRIDGE_VLAN:
            if head:
                self._without_options(path, head)
            for line in stanza.options:
                self._refuse(line, "an option that belongs to no stanza")

    def _without_options(self, path: str, head: Line) -> None:
        if is_selection(head.name):
            self._select(head.name, head.words)
        elif is_inclusion(head.name):
            self._include(path, head)
        else:
            self.renames += map(parse_target, head.words)

    def _select(self, keyword: str, words: tuple[str, ...]) -> None:
        group = allow_class(keyword)
        if group is not None:
            self.activated.setdefault(group, []).extend(words)
        elif keyword == "no-auto-down":
            self.no_auto_down += words
        else:
            self.no_scripts += words

    def _include(self, path: str, head: Line) -> None:
        try:
            paths = included_paths(path, head.name, head.rest, self.files)
        except NotExpandedError as error:
            self._complain(head, str(error))
            return
        for included in paths:
            self.file(included, head)

    def _mapping(self, stanza: Stanza) -> None:
        script: str | None = None
        maps: list[str] = []
        try:
            for line in stanza.options:
                if line.name == "map":
                    maps.append(line.rest)
                elif line.name == "script" and script is None:
                    script = line.rest
                else:
                    self._refuse(line, f"{line.name!r} has no place in a mapping")
        finally:
            self.mappings.append(Mapping(stanza.words, script, tuple(maps)))

    def _iface(self, line: Line, stanza: Stanza) -> None:
        head = _iface_head(line.words)
        self._check_head(line, head)
        family, method, options = head.family, head.method, list[Option]()
        parent = self._parent(line, head)
        if parent:
            family, method = family or parent.family, method or parent.method
            options += parent.options
        try:
            for option in self._options(head.name, stanza):
                options.append(option)
        finally:  # ifup keeps what it has read of a stanza in which it stops
            path = self.open_files[-1]
            made = IfaceDefinition(
                head.name, family, method, head.parent, tuple(options), path, line.number
            )
            self.definitions.append(made)

    def _options(self, name: str, stanza: Stanza) -> Iterator[Option]:
        for line in stanza.options:
            if selects_enclosing(line):
                self._select(line.name, (name,))
                continue
            if not line.rest:
                self._refuse(line, f"the option {line.name!r} has no value")
            yield Option(HOOK_SYNONYMS.get(line.name, line.name), line.rest)

    def _check_head(self, line: Line, head: _IfaceHead) -> None:
        if not head.name or not (head.method or head.inherits):
            self._refuse(line, "a name, a known family or a known method is missing")
        elif head.inherits and head.parent is None:
            self._refuse(line, "`inherits` without a name")
        elif head.rest and head.parent is None:
            self._complain(line, f"ifup ignores the word {head.rest[0]!r}")

    def _parent(self, line: Line, head: _IfaceHead) -> IfaceDefinition | None:
        """Return the first stanza of the parent's name and of the same family, if one is named."""
        if head.parent is None:
            return None
        for one in self.definitions:
            if one.name == head.parent and head.family in ("", one.family):
                return one
        self._refuse(line, f"it inherits from {head.parent!r}, which no stanza before it has")
        return None
