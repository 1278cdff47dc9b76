"""What other lines of the interfaces(5) files need of one interface's stanzas and name."""

from collections.abc import Iterator

from bridgekit.persistence.ifupdown.interfaces.document import selects_enclosing
from bridgekit.persistence.ifupdown.interfaces.hooks import HOOKS
from bridgekit.persistence.ifupdown.interfaces.lines import Line
from bridgekit.persistence.ifupdown.interfaces.names import is_link_or_alias
from bridgekit.persistence.ifupdown.interfaces.parsed import ParsedInterfaces


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


def hooks_of_others(parsed: ParsedInterfaces, links: tuple[str, ...]) -> Iterator[Line]:
    """Yield the hook lines of other interfaces' stanzas."""
    for document in parsed.documents.values():
        for stanza in document.with_keyword("iface"):
            name = "".join(stanza.words[:1])
            if not any(is_link_or_alias(name, link) for link in links):
                yield from (line for line in stanza.options if line.name in HOOKS)
