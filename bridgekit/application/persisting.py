"""What must change in the interfaces files so that a migration lasts, and what is against it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

from bridgekit.application.installed import about_taking, about_tools
from bridgekit.errors import refusing
from bridgekit.host import files
from bridgekit.migration.finding import Finding
from bridgekit.migration.intent import Intent
from bridgekit.migration.plan import FileChange
from bridgekit.model.addresses import IPV4, IPV6
from bridgekit.model.links import Sysctl
from bridgekit.model.snapshot import Snapshot, fresh_settings
from bridgekit.persistence import interfaces
from bridgekit.persistence.address_words import FAMILY_WORD
from bridgekit.persistence.agreement import disagreements
from bridgekit.persistence.flavour import CLASSIC, Flavour
from bridgekit.persistence.interfaces import Reading
from bridgekit.persistence.option import Option
from bridgekit.persistence.stanza import Extras, rendered, stanzas, unwritten

LEASE = 3600
"""Seconds: any lifetime will do."""


def template() -> str:
    """Return the text of templates/interfaces.j2."""
    return resources.files("bridgekit.assets").joinpath("templates/interfaces.j2").read_text()


def stanza_text(state: Snapshot, intent: Intent, extras: Extras, flavour: Flavour) -> str:
    """Return the interfaces(5) text that makes this state's bridge at the next boot."""
    return rendered(stanzas(state, intent.bridge, intent.nic, extras, flavour), template())


def file_changes(
    main: Path, before: Snapshot, after: Snapshot, intent: Intent, flavour: Flavour
) -> tuple[tuple[FileChange, ...], tuple[Finding, ...]]:
    """Return the changes that make the state after the migration last, and what to tell of them.

    If the bridge was there before, a section of its own goes into the new one.
    """
    after = _with_leases_ending(after)
    with refusing():
        reading = read(main)
    there = before.link(intent.bridge) is not None
    named = (intent.nic, intent.bridge) if there else (intent.nic,)
    own = tuple(option for name in named for option in interfaces.options(reading, name))
    kept = interfaces.carried(own)
    bridge = after.link(intent.bridge)
    mac = bridge.mac if bridge else None
    methods = interfaces.methods(reading, intent.nic)
    leases = leased(after, intent.bridge, methods)
    ports = interfaces.ports(own)
    settings = _settings(after, intent.bridge, flavour)
    extras = Extras(mac, settings, kept, leases, intent.wishes.port, ports)
    stanza = stanza_text(after, intent, extras, flavour)
    if flavour is CLASSIC and any(interfaces.stays_up(reading, name) for name in named):
        stanza = f"no-auto-down {intent.bridge}\n{stanza}"
    changes: list[FileChange] = []
    made = _rewritten(reading, intent, stanza, there, flavour)
    for path, (text, new) in made.items():
        if new != text:
            changes += _with_backup(path, new, hidden=path != main)
    found = [*_about_files(reading, intent, there), *_about_lines(reading, kept, intent)]
    found += _about_agreement(reading, before, intent.nic)
    found += [
        *about_taking(main, changes, flavour),
        *_about_writing(changes),
    ]
    found += _about_the_unwritten(after, intent.bridge, leases - flavour.asked(leases))
    return tuple(changes), (*found, *about_tools(flavour.asked(leases), flavour))


def _rewritten(
    reading: Reading, intent: Intent, stanza: str, there: bool, flavour: Flavour
) -> dict[Path, tuple[str, str]]:
    """Each file's text with what shall be in its place."""
    homes = (interfaces.home(reading, name) for name in (intent.nic, intent.bridge)[: 1 + there])
    home = next((path for path in homes if path), reading.main)
    nic, bridge = (interfaces.ties(reading, name) for name in (intent.nic, intent.bridge))
    nic = replace(nic, named=nic.named or flavour.always_bare)
    made: dict[Path, tuple[str, str]] = {}
    for path, text in _texts(reading).items():
        without = interfaces.switched_off(text, intent.bridge, "", bridge) if there else text
        here = stanza if path == Path(home) else ""
        new = interfaces.switched_off(without, intent.nic, here, nic, flavour.bare)
        made[path] = text, new
    return made


def _with_leases_ending(state: Snapshot) -> Snapshot:
    """What a DHCP client asks for ends with its lease, although udhcpc does not tell the kernel."""
    ours = {(client.link, client.address) for client in state.clients}
    addresses = (
        replace(a, valid=LEASE, preferred=LEASE) if (a.link, a.ip) in ours else a
        for a in state.addresses
    )
    return replace(state, addresses=tuple(addresses))


def leased(
    after: Snapshot, bridge: str, methods: frozenset[tuple[str, str]] = frozenset()
) -> frozenset[int]:
    """The families whose addresses must come by DHCP at boot, or the host would be lost.

    Who gave an IPv4 address with a lifetime is known from the NIC's manager or section; without
    those it was DHCP if nothing else would give the host an address.
    """
    ipv4 = [a for a in after.addresses_on(bridge) if a.family == IPV4]
    told = (
        after.owners
        or after.clients_on(bridge)
        or ("inet", "dhcp") in methods
        or all(a.dynamic for a in ipv4)
    )
    found = {IPV4} if told and any(a.dynamic for a in ipv4) else set()
    return frozenset(found | ({IPV6} if ("inet6", "dhcp") in methods else set()))


def _settings(state: Snapshot, bridge: str, flavour: Flavour) -> tuple[Sysctl, ...]:
    """The bridge's settings that it would not have by itself."""
    fresh = fresh_settings(state)
    wanted = state.sysctls_of(bridge)
    changed = {key for key in wanted if fresh.get(key, wanted[key]) != wanted[key]}
    said = changed | (flavour.sets & wanted.keys())
    return tuple(Sysctl(key.format(bridge), wanted[key]) for key in sorted(said))


def outside(main: Path, changes: Iterable[FileChange]) -> list[str]:
    """Return the paths that are neither an interfaces file nor the backup of one.

    A plan comes from a file that anyone may have written.
    """
    with refusing():
        known = {
            name
            for path in _texts(read(main))
            for name in (path, *map(path.with_name, _names(path)))
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


def _about_files(reading: Reading, intent: Intent, there: bool) -> Iterator[Finding]:
    """What the files say that does not go with the new section."""
    nic = intent.nic
    for path in _configuring(reading, intent.bridge) if not there else ():
        message = f"{path} has a section for {intent.bridge} already"
        advice = "remove it, or choose another name with --bridge"
        yield Finding("refuse", "bridge-configured", message, advice)
    if interfaces.ties(reading, nic).named and interfaces.mapped(reading, nic):
        message = f"a mapping could give {nic} another section, and other lines bring it up"
        advice = f"leave {nic} out of the mapping"
        yield Finding("refuse", "mapping-names-nic", message, advice)


def _about_agreement(reading: Reading, before: Snapshot, nic: str) -> Iterator[Finding]:
    """A NIC that the files do not know is somebody else's, who is told of elsewhere."""
    if interfaces.sections_of(reading, nic):
        advice = "the bridge's section says what the host has now; see whether that shall last"
        for text in disagreements(reading, before, nic):
            yield Finding("warn", "file-differs", text, advice)


def about_foreign(main: Path, bridge: str) -> list[Finding]:
    """What the files say of a bridge that bridgekit did not make, and that goes now."""
    advice = "edit the file, or the bridge is back at the next boot"
    return [
        Finding("warn", "file-keeps-bridge", f"{path} has a section for {bridge}", advice)
        for path in _configuring(read(main), bridge)
    ]


def _configuring(reading: Reading, link: str) -> dict[str, None]:
    """The files that have a section for this interface, each once."""
    return dict.fromkeys(one.path for one in reading.definitions if one.name == link)


def read(main: Path) -> Reading:
    """The main interfaces file and those that it includes."""
    files.read(main)  # tells it if that is no file; of those included ifup would skip it
    return interfaces.read(str(main), files.Texts(), strict=False)


def _texts(reading: Reading) -> dict[Path, str]:
    """The text of each file; the main one need not exist."""
    found = {Path(path): document.text for path, document in reading.documents.items()}
    return {Path(reading.main): ""} | found


def _about_lines(reading: Reading, kept: tuple[Option, ...], intent: Intent) -> Iterator[Finding]:
    advice = f"it names {intent.nic}; see whether it should name {intent.bridge}"
    for option in (option for option in kept if interfaces.names(option.value, intent.nic)):
        message = f"this line moves to {intent.bridge}'s section: {option.name} {option.value}"
        yield Finding("warn", "option-names-nic", message, advice)
    for path, line in interfaces.others_naming(reading, intent.nic):
        message = f"this line of {path} stays: {line.text}"
        yield Finding("warn", "option-names-nic", message, advice)


def _about_writing(changes: Iterable[FileChange]) -> Iterator[Finding]:
    for folder in sorted(
        {str(Path(c.path).parent) for c in changes if not files.writable(Path(c.path))}
    ):
        message = f"files in {folder} cannot be written"
        advice = "mend that, or give --no-persist"
        yield Finding("refuse", "file-not-writable", message, advice)


def _about_the_unwritten(
    after: Snapshot, bridge: str, unasked: frozenset[int]
) -> Iterator[Finding]:
    missing = (
        *unwritten(after, bridge),
        *(f"DHCP's {FAMILY_WORD[one]} addresses" for one in unasked),
    )
    if missing:
        shown = "; ".join(missing[:3]) + (f" and {len(missing) - 3} more" if missing[3:] else "")
        message = f"this moves, but the interfaces file cannot bring it back at boot: {shown}"
        advice = "bring it up yourself, in a script of your own"
        yield Finding("warn", "not-written", message, advice)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
