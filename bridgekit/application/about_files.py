"""What speaks against new interfaces files, or should be known of them, as findings."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bridgekit.application.manner import Source
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.drift import find_drift
from bridgekit.persistence.ifupdown.interfaces import ParsedInterfaces
from bridgekit.persistence.ifupdown.option import Option
from bridgekit.persistence.ifupdown.render import not_expressible
from bridgekit.persistence.ifupdown.render_addresses import FAMILY_WORD
from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange
from bridgekit.state.network_state import NetworkState
from bridgekit.system import atomic_file

FOLLOWS = {
    "live": "the bridge's stanza follows the host; `--persist file` follows the file",
    "file": "the bridge's stanza follows the file: at the next boot the host has what that says",
}


def about_files(reading: ParsedInterfaces, intent: Intent, there: bool) -> Iterator[Finding]:
    """What the files say that does not go with the new stanza."""
    nic = intent.nic
    for path in _configuring(reading, intent.bridge) if not there else ():
        message = f"{path} has a stanza for {intent.bridge} already"
        advice = "remove it, or choose another name with --bridge"
        yield Finding("refuse", "bridge-configured", message, advice)
    if interfaces.find_references(reading, nic).named and interfaces.mapped(reading, nic):
        message = f"a mapping could give {nic} another stanza, and other lines bring it up"
        advice = f"leave {nic} out of the mapping"
        yield Finding("refuse", "mapping-names-nic", message, advice)


def about_agreement(
    reading: ParsedInterfaces, before: NetworkState, nic: str, source: Source
) -> Iterator[Finding]:
    """Yield on what the host and the files do not agree.

    A NIC that the files do not know is somebody else's, who is told of elsewhere.
    """
    if reading.called(reading.stanza_of(nic)):
        for text in find_drift(reading, before, nic):
            yield Finding("warn", "file-differs", text, FOLLOWS[source])
    elif source == "file":
        message = f"the interfaces file has no stanza for {nic} that the bridge's could follow"
        yield Finding("refuse", "file-silent", message, "leave out `--persist file`")


def about_foreign(reading: ParsedInterfaces, bridge: str) -> list[Finding]:
    """What the files say of a bridge that bridgekit did not make, and that goes now."""
    advice = "edit the file, or the bridge is back at the next boot"
    return [
        Finding("warn", "file-keeps-bridge", f"{path} has a stanza for {bridge}", advice)
        for path in _configuring(reading, bridge)
    ]


def _configuring(reading: ParsedInterfaces, link: str) -> dict[str, None]:
    """The files that have a stanza for this interface, each once."""
    return dict.fromkeys(one.path for one in reading.definitions if one.name == link)


def about_lines(
    reading: ParsedInterfaces, kept: tuple[Option, ...], intent: Intent, source: Source
) -> Iterator[Finding]:
    """Yield the lines that name the NIC, of those kept and of other interfaces' stanzas."""
    nic = (intent.nic,)
    for option in interfaces.partially_captured(kept, nic) if source == "live" else ():
        message = f"this line gives {intent.nic} an address and does more: {option.value}"
        advice = "give each command a line of its own, or give --no-persist"
        yield Finding("refuse", "line-does-more", message, advice)
    advice = f"it names {intent.nic}; see whether it should name {intent.bridge}"
    for option in (option for option in kept if interfaces.names(option.value, intent.nic)):
        message = f"this line moves to {intent.bridge}'s stanza: {option.name} {option.value}"
        yield Finding("warn", "option-names-nic", message, advice)
    for path, line in interfaces.others_naming(reading, intent.nic):
        message = f"this line of {path} stays: {line.text}"
        yield Finding("warn", "option-names-nic", message, advice)


def about_writing(changes: Iterable[FileChange]) -> Iterator[Finding]:
    """Yield the folders in which nothing can be written."""
    for folder in sorted(
        {str(Path(c.path).parent) for c in changes if not atomic_file.writable(Path(c.path))}
    ):
        message = f"files in {folder} cannot be written"
        advice = "mend that, or give --no-persist"
        yield Finding("refuse", "file-not-writable", message, advice)


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
        advice = "bring it up yourself, in a script of your own"
        yield Finding("warn", "not-written", message, advice)
