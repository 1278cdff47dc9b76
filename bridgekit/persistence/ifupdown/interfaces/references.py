"""What other lines of the interfaces(5) files need of one interface's stanzas and name."""

from collections.abc import Iterator

from bridgekit.persistence.ifupdown.interfaces.document import selects_enclosing
from bridgekit.persistence.ifupdown.interfaces.lines import Line
from bridgekit.persistence.ifupdown.interfaces.names import is_link_or_alias
from bridgekit.persistence.ifupdown.interfaces.parsed import ParsedInterfaces

NAME_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@+-")


def used_by_others(parsed: ParsedInterfaces, link: str) -> frozenset[str]:
    """Return the interface's stanzas that others inherit from, or get as NAME=STANZA."""
    inherited = {d.inherits for d in parsed.definitions if not is_link_or_alias(d.name, link)}
    assigned = {t.logical for t in parsed.targets if not is_link_or_alias(t.physical, link)}
    return frozenset(n for n in inherited | assigned if n and is_link_or_alias(n, link))


def selects_itself(parsed: ParsedInterfaces, link: str) -> bool:
    """Return whether a stanza of the interface holds `auto` or the like: it selects itself."""
    stanzas = (one for file in parsed.documents.values() for one in file.with_keyword("iface"))
    own = (one for one in stanzas if is_link_or_alias("".join(one.words[:1]), link))
    return any(selects_enclosing(line) for stanza in own for line in stanza.options)


def lines_of_others(parsed: ParsedInterfaces, link: str) -> Iterator[tuple[str, Line]]:
    """Yield (path, line) for the option lines of other interfaces' stanzas."""
    for path, document in parsed.documents.items():
        for stanza in document.with_keyword("iface"):
            if not is_link_or_alias("".join(stanza.words[:1]), link):
                yield from ((path, line) for line in stanza.options)


def names_link(text: str, link: str) -> bool:
    """Return whether an option's value names this interface, rather than a VLAN or alias of it."""
    return link in "".join(letter if letter in NAME_LETTERS else " " for letter in text).split()
