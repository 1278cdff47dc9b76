"""What speaks against new interfaces files, or should be known of them, as findings."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bridgekit.application.manner import Source
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.drift import find_drift
from bridgekit.persistence.ifupdown.interfaces import ParsedInterfaces
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.render import not_expressible
from bridgekit.persistence.ifupdown.render_addresses import FAMILY_WORD
from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.persistence import (
    BRIDGE_CONFIGURED,
    FILE_DIFFERS,
    FILE_NOT_WRITABLE,
    FILE_SILENT,
    LINE_DOES_MORE,
    MAPPING_NAMES_NIC,
    NOT_WRITTEN,
    OPTION_NAMES_NIC,
)
from bridgekit.planning.findings.rollback import FILE_KEEPS_BRIDGE
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange
from bridgekit.state.network_state import NetworkState
from bridgekit.system import atomic_file

FOLLOWS_FILE = "the bridge's stanza follows the file: at the next boot the host has what that says"


def about_files(parsed: ParsedInterfaces, intent: Intent, there: bool) -> Iterator[Finding]:
    """What the files say that does not go with the new stanza."""
    nic = intent.nic
    for path in _configuring(parsed, intent.bridge) if not there else ():
        yield BRIDGE_CONFIGURED.finding(f"{path} has a stanza for {intent.bridge} already")
    if interfaces.find_references(parsed, nic).named and interfaces.has_mapping(parsed, nic):
        message = f"a mapping could give {nic} another stanza, and other lines bring it up"
        yield MAPPING_NAMES_NIC.finding(message, nic=nic)


def about_agreement(
    parsed: ParsedInterfaces, before: NetworkState, nic: str, source: Source
) -> Iterator[Finding]:
    """Yield on what the host and the files do not agree.

    A NIC that the files do not know is somebody else's, who is told of elsewhere.
    """
    if parsed.definitions_of(parsed.logical_name(nic)):
        for text in find_drift(parsed, before, nic):
            yield FILE_DIFFERS.finding(text, FOLLOWS_FILE if source == "file" else None)
    elif source == "file":
        message = f"the interfaces file has no stanza for {nic} that the bridge's could follow"
        yield FILE_SILENT.finding(message)


def about_foreign(parsed: ParsedInterfaces, bridge: str) -> list[Finding]:
    """What the files say of a bridge that bridgekit did not make, and that goes now."""
    return [
        FILE_KEEPS_BRIDGE.finding(f"{path} has a stanza for {bridge}")
        for path in _configuring(parsed, bridge)
    ]


def _configuring(parsed: ParsedInterfaces, link: str) -> dict[str, None]:
    """The files that have a stanza for this interface, each once."""
    return dict.fromkeys(one.path for one in parsed.definitions if one.name == link)


def about_lines(
    parsed: ParsedInterfaces, kept: tuple[Option, ...], intent: Intent, source: Source
) -> Iterator[Finding]:
    """Yield the lines that name the NIC, of those kept and of other interfaces' stanzas."""
    nic = (intent.nic,)
    for option in interfaces.partially_captured(kept, nic) if source == "live" else ():
        message = f"this line gives {intent.nic} an address and does more: {option.value}"
        yield LINE_DOES_MORE.finding(message)
    names = {"nic": intent.nic, "bridge": intent.bridge}
    for option in (option for option in kept if interfaces.names_link(option.value, intent.nic)):
        message = f"this line moves to {intent.bridge}'s stanza: {option.name} {option.value}"
        yield OPTION_NAMES_NIC.finding(message, **names)
    for path, line in interfaces.lines_naming(parsed, intent.nic):
        message = f"this line of {path} stays: {line.text}"
        yield OPTION_NAMES_NIC.finding(message, **names)


def about_writing(changes: Iterable[FileChange]) -> Iterator[Finding]:
    """Yield the folders in which nothing can be written."""
    for folder in sorted(
        {str(Path(c.path).parent) for c in changes if not atomic_file.writable(Path(c.path))}
    ):
        yield FILE_NOT_WRITABLE.finding(f"files in {folder} cannot be written")


def about_the_unwritten(
    after: NetworkState, bridge: str, unasked: frozenset[int]
) -> Iterator[Finding]:
    """Yield what a boot will not bring back."""
    missing = (
        *not_expressible(after, bridge),
        *(f"DHCP's {FAMILY_WORD[one]} addresses" for one in unasked),
    )
    if missing:
        shown = "; ".join(missing[:3]) + (f" and {len(missing) - 3} more" if missing[3:] else "")
        message = f"this moves, but the interfaces file cannot bring it back at boot: {shown}"
        yield NOT_WRITTEN.finding(message)
