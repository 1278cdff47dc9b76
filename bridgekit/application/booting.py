"""What ifupdown makes of the interfaces files when they are the new ones."""

import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bridgekit.host import files, ifupdown
from bridgekit.migration.finding import Finding
from bridgekit.migration.intent import Intent
from bridgekit.migration.plan import Boot, FileChange, contents
from bridgekit.persistence import interfaces
from bridgekit.persistence.interfaces import Files
from bridgekit.transaction.engine import focus, link_after


@dataclass(frozen=True, slots=True)
class _Changed:
    """The files as they will be; no folder gets a name that counts."""

    texts: dict[str, str | None]
    now: Files

    def text(self, path: str) -> str | None:
        return self.texts[path] if path in self.texts else self.now.text(path)

    def names(self, folder: str) -> Collection[str]:
        return self.now.names(folder)


def boot(main: Path, changes: Iterable[FileChange], intent: Intent) -> Boot:
    """Return how the files are read when they are changed so."""
    texts = {
        one.path: None if one.after is None else one.after.decode(errors="surrogateescape")
        for one in changes
    }
    reading = interfaces.read(str(main), _Changed(texts, files.Texts()), strict=False)
    up = (link for link in focus(intent) if link == link_after(intent) or reading.brings_up(link))
    running = (name for link in up for name in reading.running(link))
    return Boot(str(main), tuple(running))


def findings(boot: Boot, changes: Iterable[FileChange], bridge: str) -> Iterator[Finding]:
    """Yield what the installed ifup has against the new files, if there is one."""
    if shutil.which("ifup") is None:
        return
    advice = f"mend {boot.main}, or give --no-persist"
    try:
        refused = ifupdown.refusal(boot.main, contents(changes), bridge)
    except ifupdown.UnprovenError as error:
        yield Finding("warn", "not-proven", str(error), "look at the new file after the move")
        return
    if refused:
        yield Finding("refuse", "file-not-taken", f"ifup would not take it: {refused}", advice)
