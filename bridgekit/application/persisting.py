"""What must change in the interfaces files so that a migration lasts, and what is against it."""

import re
import shutil
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

from bridgekit.errors import refusing
from bridgekit.host import files
from bridgekit.migration.finding import Finding
from bridgekit.migration.intent import Intent
from bridgekit.migration.plan import FileChange
from bridgekit.model.addresses import IPV4, IPV6
from bridgekit.model.links import Sysctl
from bridgekit.model.snapshot import Snapshot, fresh_settings
from bridgekit.persistence import interfaces
from bridgekit.persistence.stanza import Extras, Option, rendered, stanzas, unwritten

BRIDGE_UTILS = Path("/etc/network/if-pre-up.d/bridge")
IFUPDOWN2 = "ifreload"
DHCP_CLIENTS = ("dhclient", "dhcpcd", "udhcpc", "pump")
"""What ifupdown's method dhcp looks for."""


def template() -> str:
    """Return the text of templates/interfaces.j2."""
    return resources.files("bridgekit.assets").joinpath("templates/interfaces.j2").read_text()


def stanza_text(state: Snapshot, intent: Intent, extras: Extras) -> str:
    """Return the interfaces(5) text that makes this state's bridge at the next boot."""
    return rendered(stanzas(state, intent.bridge, intent.nic, extras), template())


def file_changes(
    main: Path, after: Snapshot, intent: Intent, there: bool = False
) -> tuple[tuple[FileChange, ...], tuple[Finding, ...]]:
    """Return the changes that make the state after the migration last, and what to tell of them.

    `there`: the bridge was there before, so a section of its own goes into the new one.
    """
    with refusing():
        texts = _texts(main)
    named = (intent.nic, intent.bridge) if there else (intent.nic,)
    own = tuple(o for n in named for text in texts.values() for o in interfaces.options(text, n))
    kept = interfaces.carried(own)
    bridge = after.link(intent.bridge)
    mac = bridge.mac if bridge else None
    methods = frozenset(m for text in texts.values() for m in interfaces.methods(text, intent.nic))
    leases = leased(after, intent.bridge, methods)
    ports = interfaces.ports(own)
    settings = _settings(after, intent.bridge)
    extras = Extras(mac, settings, kept, leases, intent.wishes.port, ports)
    stanza = stanza_text(after, intent, extras)
    home = next((p for n in named for p in texts if interfaces.configures(texts[p], n)), main)
    changes: list[FileChange] = []
    for path, text in texts.items():
        without = interfaces.switched_off(text, intent.bridge, "") if there else text
        new = interfaces.switched_off(without, intent.nic, stanza if path == home else "")
        if new != text:
            changes += _with_backup(path, new, hidden=path != main)
    found = [*_about_files(texts, intent, there), *_about_lines(texts, kept, intent)]
    found += [*_about_writing(changes), *_about_the_unwritten(after, intent.bridge)]
    return tuple(changes), (*found, *_about_tools(leases))


def leased(
    after: Snapshot, bridge: str, methods: frozenset[tuple[str, str]] = frozenset()
) -> frozenset[int]:
    """The families whose addresses must come by DHCP at boot, or the host would be lost.

    Who gave an IPv4 address with a lifetime is known from the NIC's manager or section; without
    those it was DHCP if nothing else would give the host an address.
    """
    ipv4 = [a for a in after.addresses_on(bridge) if a.family == IPV4]
    told = after.owners or ("inet", "dhcp") in methods or all(a.dynamic for a in ipv4)
    found = {IPV4} if told and any(a.dynamic for a in ipv4) else set()
    return frozenset(found | ({IPV6} if ("inet6", "dhcp") in methods else set()))


def _settings(state: Snapshot, bridge: str) -> tuple[Sysctl, ...]:
    """The bridge's settings that a new link would not have."""
    fresh = fresh_settings(state)
    wanted = state.sysctls_of(bridge)
    changed = (key for key in wanted if fresh.get(key, wanted[key]) != wanted[key])
    return tuple(Sysctl(key.format(bridge), wanted[key]) for key in sorted(changed))


def outside(main: Path, changes: Iterable[FileChange]) -> list[str]:
    """Return the paths that are neither an interfaces file nor the backup of one.

    A plan comes from a file that anyone may have written.
    """
    with refusing():
        known = {
            name for path in _texts(main) for name in (path, *map(path.with_name, _names(path)))
        }
    return [item.path for item in changes if Path(item.path) not in known]


def _names(path: Path) -> tuple[str, str]:
    backup = f"{path.name}.before-bridgekit"
    return backup, f".{backup}"


def _with_backup(path: Path, text: str, hidden: bool) -> list[FileChange]:
    """A sourced file's backup is hidden, for `source …/*` would read it."""
    before = files.read(path)
    backup = path.with_name(_names(path)[hidden])
    change = FileChange(str(path), before, _bytes(text))
    if before is None:
        return [change]
    return [FileChange(str(backup), files.read(backup), before), change]


def _about_files(texts: dict[Path, str], intent: Intent, there: bool) -> Iterator[Finding]:
    """What a file says that does not go with the new section."""
    for path, text in texts.items():
        if interfaces.configures(text, intent.bridge) and not there:
            message = f"{path} has a section for {intent.bridge} already"
            advice = "remove it, or choose another name with --bridge"
            yield Finding("refuse", "bridge-configured", message, advice)
        if interfaces.inherits(text, intent.nic):
            message = f"a section in {path} inherits from {intent.nic}'s, which goes"
            yield Finding("refuse", "section-inherited", message, "write that section out")
        if interfaces.matched_by_pattern(text, intent.nic):
            message = f"a pattern in {path} brings {intent.nic} up, which has no section then"
            yield Finding("refuse", "pattern-names-nic", message, "name the interfaces one by one")


def about_foreign(main: Path, bridge: str) -> list[Finding]:
    """What the files say of a bridge that bridgekit did not make, and that goes now."""
    advice = "edit the file, or the bridge is back at the next boot"
    return [
        Finding("warn", "file-keeps-bridge", f"{path} has a section for {bridge}", advice)
        for path, text in _texts(main).items()
        if interfaces.configures(text, bridge)
    ]


def _texts(main: Path) -> dict[Path, str]:
    """The main interfaces file and those that it includes."""
    found = files.with_sources(main, lambda content: interfaces.sources(_text(content)))
    return {path: "" if content is None else _text(content) for path, content in found}


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


def _about_tools(leases: frozenset[int]) -> Iterator[Finding]:
    if shutil.which("ifup") is None:
        message = "ifupdown is not installed: nothing reads the interfaces file at boot"
        yield Finding("warn", "no-ifupdown", message, "apt install ifupdown bridge-utils")
        return
    if not BRIDGE_UTILS.exists() and shutil.which(IFUPDOWN2) is None:
        message = "bridge-utils is not installed: at the next boot ifup could not make the bridge"
        advice = "apt install bridge-utils, or give --no-persist"
        yield Finding("refuse", "no-bridge-utils", message, advice)
    if leases and not any(map(shutil.which, DHCP_CLIENTS)):
        message = "no DHCP client is installed: at the next boot ifup could not ask for the lease"
        advice = "apt install isc-dhcp-client or dhcpcd-base, or give --no-persist"
        yield Finding("refuse", "no-dhcp-client", message, advice)


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
