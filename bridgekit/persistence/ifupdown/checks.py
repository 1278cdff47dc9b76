"""Findings about the interfaces(5) files, as they are and as they are to be rewritten."""

from collections.abc import Iterable, Iterator

from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.drift import find_drift
from bridgekit.persistence.ifupdown.interfaces import Files, ParsedInterfaces, Problem
from bridgekit.persistence.ifupdown.render import not_expressible
from bridgekit.persistence.ifupdown.render_addresses import FAMILY_WORD
from bridgekit.persistence.ifupdown.rewrite import Rewrite
from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.managers import CONSEQUENCES
from bridgekit.planning.findings.persistence import (
    BRIDGE_CONFIGURED,
    FILE_DIFFERS,
    FILE_NOT_TAKEN,
    FILE_SILENT,
    LEFT_TO_MANAGER,
    LINE_DOES_MORE,
    MAPPING_NAMES_NIC,
    NO_SCRIPTS,
    NOT_WRITTEN,
    PORT_OF_ANOTHER,
)
from bridgekit.planning.findings.rollback import FILE_KEEPS_BRIDGE
from bridgekit.state.network_state import NetworkState

FOLLOWS_FILE = "the bridge's stanza follows the file: at the next boot the host has what that says"


def check_stanzas(rewrite: Rewrite) -> Iterator[Finding]:
    """Yield what the files say that contradicts the new stanza."""
    parsed, nic, bridge = rewrite.parsed, rewrite.intent.nic, rewrite.intent.bridge
    for path in _files_with(parsed, bridge) if bridge not in rewrite.links else ():
        yield BRIDGE_CONFIGURED.finding(f"{path} has a stanza for {bridge} already")
    if any(interfaces.has_mapping(parsed, name) for name in rewrite.names):
        message = f"a mapping could give {nic} another stanza than that of a port"
        yield MAPPING_NAMES_NIC.finding(message, nic=nic)
    for one in interfaces.claims(parsed, rewrite.names, except_for=bridge):
        message = f"{one.path} makes {nic} a port of {one.name}, too: line {one.line}"
        yield PORT_OF_ANOTHER.finding(message, other=one.name, nic=nic)
    if interfaces.has_no_scripts(parsed, bridge) and rewrite.dialect is CLASSIC:
        message = f"`no-scripts` keeps bridge-utils from making {bridge} at boot"
        yield NO_SCRIPTS.finding(message, bridge=bridge)


def check_drift(rewrite: Rewrite) -> Iterator[Finding]:
    """Yield where the host and the files differ, if the files have a stanza for the NIC.

    Of a NIC without one, check_managers tells who configures it.
    """
    parsed, nic, source = rewrite.parsed, rewrite.intent.nic, rewrite.options.source
    if rewrite.has_stanza:
        for text in find_drift(parsed, rewrite.before, nic):
            yield FILE_DIFFERS.finding(text, FOLLOWS_FILE if source == "file" else None)
    elif source == "file":
        message = f"the interfaces file has no stanza for {nic} that the bridge's could follow"
        yield FILE_SILENT.finding(message)


def check_lines(rewrite: Rewrite) -> Iterator[Finding]:
    """Yield the lines that do something of what the bridge's stanza does, and more."""
    nic = rewrite.intent.nic
    undivided = (one for parts in (*rewrite.of_nic, *rewrite.of_bridge) for one in parts.undivided)
    of_others = (line.text for line, rest in rewrite.lines_of_others() if rest is None)
    for text in (*(f"{one.name} {one.value}" for one in undivided), *of_others):
        message = f"this line changes addresses or routes of {nic} and does more: {text}"
        yield LINE_DOES_MORE.finding(message)


def check_dialect(main: str, versions: Iterable[Files], dialect: Dialect) -> Iterator[Finding]:
    """Yield what the dialect does not read, in the first of these versions that has such lines."""
    problems = (_unsupported(main, files, dialect) for files in versions)
    for one in next(filter(None, problems), ()):
        message = f"{dialect.name} does not take {one.path}, line {one.line}: {one.message}"
        yield FILE_NOT_TAKEN.finding(message, file="that")


def check_expressible(
    state: NetworkState, bridge: str, dhcp_not_asked: frozenset[int]
) -> Iterator[Finding]:
    """Yield what of the bridge's state a boot will not bring back."""
    missing = (
        *not_expressible(state, bridge),
        *(f"DHCP's {FAMILY_WORD[family]} addresses" for family in dhcp_not_asked),
    )
    if missing:
        shown = "; ".join(missing[:3]) + (f" and {len(missing) - 3} more" if missing[3:] else "")
        message = f"this moves, but the interfaces file cannot bring it back at boot: {shown}"
        yield NOT_WRITTEN.finding(message)


def check_manager(parsed: ParsedInterfaces, state: NetworkState, nic: str) -> list[Finding]:
    """Return where the files have no stanza of a NIC that another manager configures."""
    managed = any(manager.program in CONSEQUENCES for manager in state.managers)
    names = interfaces.names_in(parsed, state.require(nic))
    if not managed or any(interfaces.definitions_for(parsed, name) for name in names):
        return []
    text = f"{parsed.main} has no stanza of {nic}: nothing is written to it"
    return [LEFT_TO_MANAGER.finding(text)]


def check_foreign_bridge(parsed: ParsedInterfaces, bridge: str) -> list[Finding]:
    """Return where the files have a bridge that bridgekit did not make, and that goes now."""
    return [
        FILE_KEEPS_BRIDGE.finding(f"{path} has a stanza for {bridge}")
        for path in _files_with(parsed, bridge)
    ]


def _files_with(parsed: ParsedInterfaces, link: str) -> dict[str, None]:
    """Return the files that have a stanza for this interface, each once and in order."""
    return dict.fromkeys(one.path for one in parsed.definitions if one.name == link)


def _unsupported(main: str, files: Files, dialect: Dialect) -> tuple[Problem, ...]:
    parsed = interfaces.parse_files(main, files, strict=dialect is CLASSIC, dialect=dialect)
    return interfaces.unsupported_lines(parsed, files, dialect)
