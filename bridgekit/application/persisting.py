"""What must change in the interfaces files so that a migration lasts, and what is against it."""

import re
import shutil
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

from bridgekit.errors import refusing
from bridgekit.host import files
from bridgekit.migration.intent import Intent
from bridgekit.migration.plan import FileChange
from bridgekit.migration.preflight import Finding
from bridgekit.model.links import Sysctl
from bridgekit.model.snapshot import Snapshot, fresh_settings
from bridgekit.persistence import interfaces
from bridgekit.persistence.stanza import Extras, Option, rendered, stanzas, unwritten

BRIDGE_UTILS = Path("/etc/network/if-pre-up.d/bridge")
IFUPDOWN2 = "ifreload"


def template() -> str:
    """Return the text of templates/interfaces.j2."""
    return resources.files("bridgekit.assets").joinpath("templates/interfaces.j2").read_text()


def stanza_text(state: Snapshot, intent: Intent, extras: Extras) -> str:
    """Return the interfaces(5) text that makes this state's bridge at the next boot."""
    return rendered(stanzas(state, intent.bridge, intent.nic, extras), template())


def file_changes(
    main: Path, after: Snapshot, intent: Intent
) -> tuple[tuple[FileChange, ...], tuple[Finding, ...]]:
    """Return the changes that make the state after the migration last, and what to tell of them."""
    with refusing():
        sources = tuple(files.with_sources(main, lambda c: interfaces.sources(_text(c))))
    texts = {path: "" if content is None else _text(content) for path, content in sources}
    own = tuple(o for text in texts.values() for o in interfaces.options(text, intent.nic))
    kept = interfaces.carried(own)
    nic = after.link(intent.nic)
    mac = nic.mac if nic else None
    extras = Extras(mac, _settings(after, intent.bridge), kept)
    stanza = stanza_text(after, intent, extras)
    home = next((p for p, text in texts.items() if interfaces.configures(text, intent.nic)), main)
    changes: list[FileChange] = []
    for path, text in texts.items():
        new = interfaces.switched_off(text, intent.nic, stanza if path == home else "")
        if new != text:
            changes += _with_backup(path, new, hidden=path != main)
    found = [*_about_files(texts, intent), *_about_lines(texts, kept, intent)]
    found += [*_about_writing(changes), *_about_the_unwritten(after, intent.bridge)]
    return tuple(changes), (*found, *_about_tools())


def _settings(state: Snapshot, bridge: str) -> tuple[Sysctl, ...]:
    """The bridge's settings that a new link would not have."""
    fresh = fresh_settings(state)
    wanted = state.sysctls_of(bridge)
    changed = (key for key in wanted if fresh.get(key, wanted[key]) != wanted[key])
    return tuple(Sysctl(key.format(bridge), wanted[key]) for key in sorted(changed))


def _with_backup(path: Path, text: str, hidden: bool) -> list[FileChange]:
    """A sourced file's backup is hidden, for `source …/*` would read it."""
    before = files.read(path)
    backup = path.with_name(f"{'.' if hidden else ''}{path.name}.before-bridgekit")
    change = FileChange(str(path), before, _bytes(text))
    if before is None:
        return [change]
    return [FileChange(str(backup), files.read(backup), before), change]


def _about_files(texts: dict[Path, str], intent: Intent) -> Iterator[Finding]:
    """What a file says that does not go with the new section."""
    for path, text in texts.items():
        if interfaces.configures(text, intent.bridge):
            message = f"{path} has a section for {intent.bridge} already"
            advice = "remove it, or choose another name with --bridge"
            yield Finding("refuse", "bridge-configured", message, advice)
        if interfaces.inherits(text, intent.nic):
            message = f"a section in {path} inherits from {intent.nic}'s, which goes"
            yield Finding("refuse", "section-inherited", message, "write that section out")
        if interfaces.matched_by_pattern(text, intent.nic):
            message = f"a pattern in {path} brings {intent.nic} up, which has no section then"
            yield Finding("refuse", "pattern-names-nic", message, "name the interfaces one by one")


def _about_lines(
    texts: dict[Path, str], kept: tuple[Option, ...], intent: Intent
) -> Iterator[Finding]:
    advice = f"it names {intent.nic}; see whether it should name {intent.bridge}"
    word = re.compile(rf"\b{re.escape(intent.nic)}\b")
    for option in (option for option in kept if word.search(option.value)):
        message = f"this line moves to {intent.bridge}'s section: {option.name} {option.value}"
        yield Finding("warn", "option-names-nic", message, advice)
    for path, text in texts.items():
        for option in interfaces.other_lines_naming(text, intent.nic):
            message = f"this line of {path} stays: {option.name} {option.value}"
            yield Finding("warn", "option-names-nic", message, advice)


def _about_writing(changes: Iterable[FileChange]) -> Iterator[Finding]:
    for folder in sorted(
        {str(Path(c.path).parent) for c in changes if not files.writable(Path(c.path))}
    ):
        message = f"files in {folder} cannot be written"
        advice = "mend that, or give --no-persist"
        yield Finding("refuse", "file-not-writable", message, advice)


def _about_the_unwritten(after: Snapshot, bridge: str) -> Iterator[Finding]:
    missing = unwritten(after, bridge)
    if missing:
        shown = "; ".join(missing[:3]) + (f" and {len(missing) - 3} more" if missing[3:] else "")
        message = f"this moves, but the interfaces file cannot bring it back at boot: {shown}"
        advice = "bring it up yourself, in a script of your own"
        yield Finding("warn", "not-written", message, advice)


def _about_tools() -> list[Finding]:
    if shutil.which("ifup") is None:
        message = "ifupdown is not installed: nothing reads the interfaces file at boot"
        return [Finding("warn", "no-ifupdown", message, "apt install ifupdown bridge-utils")]
    if not BRIDGE_UTILS.exists() and shutil.which(IFUPDOWN2) is None:
        message = "bridge-utils is not installed: at the next boot ifup could not make the bridge"
        advice = "apt install bridge-utils, or give --no-persist"
        return [Finding("refuse", "no-bridge-utils", message, advice)]
    return []


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
