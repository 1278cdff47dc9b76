"""Reads interfaces(5) as ifupdown 0.8 does, file by file, with its complaints."""

import contextlib

from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import (
    Document,
    Stanza,
    activation,
    includes,
    parse,
    selects,
    selects_itself,
)
from bridgekit.persistence.ifupdown.interfaces.lines import Line
from bridgekit.persistence.ifupdown.interfaces.names import Target, target
from bridgekit.persistence.ifupdown.interfaces.parsed import (
    LOOPBACK,
    Definition,
    Mapping,
    ParsedInterfaces,
    Problem,
)
from bridgekit.persistence.ifupdown.interfaces.sources import Files, NotExpandedError, included
from bridgekit.persistence.ifupdown.option import Option

METHODS = {
    "inet": ("loopback", "static", "manual", "dhcp", "bootp", "tunnel", "ppp", "wvdial", "ipv4ll"),
    "inet6": ("loopback", "static", "manual", "dhcp", "auto", "tunnel", "v4tunnel", "6to4"),
    "ipx": ("static", "dynamic"),
    "can": ("static",),
    "meta": ("none",),
}
OF_A_BRIDGE = "vlan"
"""Starts a stanza about one VLAN of a bridge: of multicast, no interface and no address."""
SAME = {"post-up": "up", "pre-down": "down"}


def parse_files(
    main: str, files: Files, strict: bool = True, dialect: Dialect = CLASSIC
) -> ParsedInterfaces:
    """Read an interfaces(5) file and those that it includes, as ifup 0.8 does.

    `strict`: stop where ifup stops. Otherwise read on, as well as may be: ifupdown2 and ifupdown-ng
    take files that ifup 0.8 does not. `dialect`: whose words start a stanza.
    """
    reader = _Parser(normal(main), files, strict, dialect)
    reader.file(main)
    return ParsedInterfaces(
        reader.main,
        reader.documents,
        {group: tuple(words) for group, words in reader.activated.items()},
        tuple(reader.definitions),
        tuple(reader.mappings),
        tuple(reader.renames),
        tuple(reader.no_auto_down),
        tuple(reader.no_scripts),
        tuple(reader.problems),
    )


def normal(path: str) -> str:
    """A path without what says nothing: doubled slashes and dots. Two dots stay: links matter."""
    start = "/" if path.startswith("/") else ""
    return start + "/".join(part for part in path.split("/") if part not in ("", "."))


class _StopError(Exception):
    """ifup reads no more of this file."""


class _Parser:
    """Gathers what the files say."""

    def __init__(self, main: str, files: Files, strict: bool, dialect: Dialect) -> None:
        self.main, self.files, self.strict, self.dialect = main, files, strict, dialect
        self.seen = set[str]()
        self.inside: list[str] = []
        self.documents: dict[str, Document] = {}
        self.activated: dict[str, list[str]] = {"auto": [LOOPBACK]}
        self.definitions: list[Definition] = []
        self.mappings: list[Mapping] = []
        self.renames: list[Target] = []
        self.no_auto_down: list[str] = []
        self.no_scripts: list[str] = []
        self.problems: list[Problem] = []

    def file(self, path: str, line: Line | None = None) -> None:
        """Read a file once under each name, unless it is being read already."""
        if path in self.seen:
            return
        self.seen.add(path)
        text = self.files.text(path)
        if text is None or normal(path) in self.inside:
            self._complain(line, "it includes itself" if text else f"cannot read {path}")
            return
        document = self.documents.setdefault(normal(path), parse(text, self.dialect))
        self.inside.append(normal(path))
        with contextlib.suppress(_StopError):
            for stanza in document.stanzas:
                self._stanza(path, stanza)
        self.inside.pop()

    def _complain(self, line: Line | None, message: str, fatal: bool = False) -> None:
        path = self.inside[-1] if self.inside else self.main
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
        elif keyword != OF_A_BRIDGE:
            if head:
                self._simple(path, head)
            for line in stanza.options:
                self._refuse(line, "an option that belongs to no stanza")

    def _simple(self, path: str, head: Line) -> None:
        if selects(head.name):
            self._select(head.name, head.words)
        elif includes(head.name):
            self._include(path, head)
        else:
            self.renames += map(target, head.words)

    def _select(self, keyword: str, words: tuple[str, ...]) -> None:
        group = activation(keyword)
        if group is not None:
            self.activated.setdefault(group, []).extend(words)
        elif keyword == "no-auto-down":
            self.no_auto_down += words
        else:
            self.no_scripts += words

    def _include(self, path: str, head: Line) -> None:
        try:
            found = included(path, head.name, head.rest, self.files)
        except NotExpandedError as error:
            self._complain(head, str(error))
            return
        for name in found:
            self.file(name, head)

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

    def _iface(self, head: Line, stanza: Stanza) -> None:
        name, family, method, parent = self._head(head)
        options: list[Option] = []
        if parent is not None and (base := self._parent(head, parent, family)):
            family, method = family or base.family, method or base.method
            options += base.options
        try:
            for line in stanza.options:
                if selects_itself(line):
                    self._select(line.name, (name,))
                    continue
                if not line.rest:
                    self._refuse(line, f"the option {line.name!r} has no value")
                options.append(Option(SAME.get(line.name, line.name), line.rest))
        finally:
            there = (tuple(options), self.inside[-1], head.number)
            self.definitions.append(Definition(name, family, method, parent, *there))

    def _head(self, head: Line) -> tuple[str, str, str, str | None]:
        """Name, family, method and what it inherits from; the middle two may be inherited."""
        name, *words = head.words or ("",)
        family = words.pop(0) if words and words[0] in METHODS else ""
        method = words.pop(0) if words and words[0] in METHODS.get(family, ()) else ""
        parent = words[1] if words[:1] == ["inherits"] and len(words) > 1 else None
        if not name or (not method and words[:1] != ["inherits"]):
            self._refuse(head, "a name, a known family or a known method is missing")
        elif words[:1] == ["inherits"] and parent is None:
            self._refuse(head, "`inherits` without a name")
        elif words and parent is None:
            self._complain(head, f"ifup ignores the word {words[0]!r}")
        return name, family, method, parent

    def _parent(self, head: Line, name: str, family: str) -> Definition | None:
        for one in self.definitions:
            if one.name == name and family in ("", one.family):
                return one
        self._refuse(head, f"it inherits from {name!r}, which no stanza before it has")
        return None
