"""The ifupdown that is installed: its dialect, its programs, and what it makes of new files."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from bridgekit.host.ifupdown import detect, lasting, validate
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import CLASSIC, DIALECTS, Dialect
from bridgekit.persistence.ifupdown.rewrite import PersistOptions, Rewrite, Source
from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.persistence import (
    FILE_MADE_ANEW,
    FILE_NOT_TAKEN,
    FILE_NOT_WRITABLE,
    NO_BRIDGE_UTILS,
    NO_DHCP_CLIENT,
    NO_IFUPDOWN,
    NOT_PROVEN,
    OTHER_DIALECT,
)
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange, IfupdownState, new_contents
from bridgekit.state.dialect import DialectName
from bridgekit.system.atomic_file import FileSnapshot, writable

BRIDGE_UTILS = Path("/etc/network/if-pre-up.d/bridge")


def choose_options(dialect: str | None, source: Source = "live") -> PersistOptions:
    """Return how to write: in the dialect of this name, else the installed one, else classic."""
    return PersistOptions(DIALECTS.get(dialect or detect.installed() or "", CLASSIC), source)


def ifupdown_state(
    main: Path, changes: Iterable[FileChange], intent: Intent, dialect: DialectName
) -> IfupdownState:
    """Return what ifupdown reads, and has brought up, when the files are changed so."""
    parsed = interfaces.parse_files(
        str(main), as_changed(changes), strict=False, dialect=DIALECTS[dialect]
    )
    up = (link for link in intent.links if link == intent.link_after or parsed.brings_up(link))
    running = (line for link in up for line in parsed.ifstate_lines(link))
    return IfupdownState(str(main), dialect, tuple(running))


def check_with_ifup(
    ifupdown: IfupdownState, changes: Iterable[FileChange], bridge: str
) -> Iterator[Finding]:
    """Yield what the installed ifup has against the new files, if it is of their dialect."""
    if detect.installed() != ifupdown.dialect:
        return
    main, contents = ifupdown.interfaces_file, new_contents(changes)
    try:
        refused = validate.refusal(ifupdown.dialect, main, contents, bridge)
    except validate.UnprovenError as error:
        yield NOT_PROVEN.finding(str(error))
        return
    if refused:
        yield FILE_NOT_TAKEN.finding(f"ifup would not take it: {refused}", file=main)


def check_programs(dhcp_families: frozenset[int], dialect: Dialect) -> Iterator[Finding]:
    """Yield which programs are missing that make the bridge and ask for addresses at boot."""
    installed = detect.installed()
    if installed is None:
        message = "ifupdown is not installed: nothing reads the interfaces file at boot"
        yield NO_IFUPDOWN.finding(message)
        return
    if installed != dialect.name:
        message = f"the file is written for {dialect.name}, and {installed} is installed"
        yield OTHER_DIALECT.finding(message, dialect=dialect.name)
        return
    if dialect is CLASSIC and not BRIDGE_UTILS.exists():
        message = "bridge-utils is not installed: at the next boot ifup could not make the bridge"
        yield NO_BRIDGE_UTILS.finding(message)
    if dhcp_families and not any(map(shutil.which, dialect.dhcp_clients)):
        message = "no DHCP client is installed: at the next boot ifup could not ask for the lease"
        yield NO_DHCP_CLIENT.finding(message)


def as_changed(changes: Iterable[FileChange]) -> FileSnapshot:
    """Return the files of the host as they will be."""
    return FileSnapshot({one.path: one.after for one in changes})


def check_lasting(rewriting: Rewrite) -> Iterator[Finding]:
    """Yield the files with stanzas of the NIC or bridge that someone makes anew at each boot."""
    parsed = rewriting.parsed
    own = [one for link in rewriting.links for one in interfaces.definitions_for(parsed, link)]
    for path in dict.fromkeys(one.path for one in own):
        maker = lasting.remade_by(Path(path), parsed.documents[path].text)
        if maker:
            yield FILE_MADE_ANEW.finding(f"{path} is made anew at each boot by {maker}")


def check_writable(changes: Iterable[FileChange]) -> Iterator[Finding]:
    """Yield the folders in which files cannot be written."""
    paths = [Path(change.path) for change in changes]
    for folder in sorted({str(p.parent) for p in paths if not writable(p)}):
        yield FILE_NOT_WRITABLE.finding(f"files in {folder} cannot be written")
