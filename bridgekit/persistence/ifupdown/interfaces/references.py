"""What other lines of the interfaces(5) files need of one interface's name."""

from collections.abc import Iterator

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces.lines import Line
from bridgekit.persistence.ifupdown.interfaces.names import (
    is_link_or_alias,
    is_vlan_of,
    parse_target,
)
from bridgekit.persistence.ifupdown.interfaces.parsed import ParsedInterfaces

NAME_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@+-")


class NameReferences(Struct, frozen=True):
    """What holds an interface's name in the files when its own stanzas go.

    `definitions`: its stanzas that others inherit from, or that other interfaces get.
    `groups`: the `allow-GROUP`s in which its VLANs come up together with it.
    `named`: some other line needs or brings up the name, so a stanza must remain.
    """

    definitions: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    named: bool = False


def find_references(parsed: ParsedInterfaces, link: str) -> NameReferences:
    """Return what other lines need of this interface's name."""
    definitions = frozenset(_used_by_others(parsed, link))
    groups = frozenset(_groups_with_vlans(parsed, link))
    named = bool(definitions or groups) or _is_named_elsewhere(parsed, link)
    return NameReferences(definitions, groups, named)


def lines_naming(parsed: ParsedInterfaces, link: str) -> Iterator[tuple[str, Line]]:
    """Yield (path, line) for the option lines of others' stanzas that name this interface."""
    for path, document in parsed.documents.items():
        for stanza in document.with_keyword("iface"):
            if not is_link_or_alias("".join(stanza.words[:1]), link):
                yield from ((path, line) for line in stanza.options if names_link(line.rest, link))


def names_link(text: str, link: str) -> bool:
    """Return whether an option's value names this interface, rather than a VLAN or alias of it."""
    return link in "".join(letter if letter in NAME_LETTERS else " " for letter in text).split()


def _used_by_others(parsed: ParsedInterfaces, link: str) -> set[str]:
    """Return the stanzas of this interface that others inherit from, or get as NAME=STANZA."""
    inherited = {d.inherits for d in parsed.definitions if not is_link_or_alias(d.name, link)}
    assigned = {t.logical for t in parsed.targets if not is_link_or_alias(t.physical, link)}
    return {name for name in inherited | assigned if name and is_link_or_alias(name, link)}


def _groups_with_vlans(parsed: ParsedInterfaces, link: str) -> Iterator[str]:
    """Yield the `allow-GROUP`s that bring up this interface and VLANs of it."""
    for group, words in parsed.activated.items():
        targets = [parse_target(word) for word in words]
        has_vlan = any(is_vlan_of(target.physical, link) for target in targets)
        if group != "auto" and has_vlan and any(target.may_match(link) for target in targets):
            yield group


def _is_named_elsewhere(parsed: ParsedInterfaces, link: str) -> bool:
    """Return whether a pattern, a VLAN's stanza or another's option needs the name."""
    by_pattern = any(target.is_pattern and target.may_match(link) for target in parsed.targets)
    by_vlan = any(is_vlan_of(definition.name, link) for definition in parsed.definitions)
    return by_pattern or by_vlan or any(lines_naming(parsed, link))
