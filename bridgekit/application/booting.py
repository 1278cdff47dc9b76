"""What ifupdown makes of the interfaces files when they are the new ones."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bridgekit.host.ifupdown import detect, validate
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import DIALECTS
from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.persistence import FILE_NOT_TAKEN, NOT_PROVEN
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange, IfupdownState, new_contents
from bridgekit.state.dialect import DialectName
from bridgekit.system import atomic_file


def boot(
    main: Path, changes: Iterable[FileChange], intent: Intent, dialect: DialectName
) -> IfupdownState:
    """Return how the files are read when they are changed so."""
    texts = atomic_file.FileSnapshot({one.path: one.after for one in changes})
    parsed = interfaces.parse_files(str(main), texts, strict=False, dialect=DIALECTS[dialect])
    up = (link for link in intent.links if link == intent.link_after or parsed.brings_up(link))
    running = (name for link in up for name in parsed.ifstate_lines(link))
    return IfupdownState(str(main), dialect, tuple(running))


def findings(boot: IfupdownState, changes: Iterable[FileChange], bridge: str) -> Iterator[Finding]:
    """Yield what the program that reads the files has against the new ones, if it is here."""
    if detect.installed() != boot.dialect:
        return
    try:
        refused = validate.refusal(
            boot.dialect, boot.interfaces_file, new_contents(changes), bridge
        )
    except validate.UnprovenError as error:
        yield NOT_PROVEN.finding(str(error))
        return
    if refused:
        yield FILE_NOT_TAKEN.finding(
            f"ifup would not take it: {refused}", file=boot.interfaces_file
        )
