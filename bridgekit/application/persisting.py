"""What must change in the interfaces files so that a migration lasts, and what is against it."""

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from msgspec.structs import replace

from bridgekit.application.about_files import (
    about_agreement,
    about_files,
    about_lines,
    about_the_unwritten,
    about_writing,
)
from bridgekit.application.installed import about_taking, about_tools
from bridgekit.application.manner import Manner
from bridgekit.errors import refuse_on_error
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces import ParsedInterfaces
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.render import RenderOptions, bridge_options, render, stanzas
from bridgekit.persistence.ifupdown.retarget import mtu, retarget
from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.link import Sysctl
from bridgekit.state.network_state import NetworkState, default_sysctls
from bridgekit.system import atomic_file

LEASE = 3600
"""Seconds: any lifetime will do."""


def template() -> str:
    """Return the text of templates/interfaces.j2."""
    return resources.files("bridgekit.assets").joinpath("templates/interfaces.j2").read_text()


def stanza_text(
    state: NetworkState, intent: Intent, extras: RenderOptions, dialect: Dialect
) -> str:
    """Return the interfaces(5) text that makes this state's bridge at the next boot."""
    return render(stanzas(state, intent.bridge, intent.nic, extras, dialect), template())


def bridge_stanza(after: NetworkState, intent: Intent, dialect: Dialect, cidr: bool) -> str:
    """Return the bridge's stanza without anything that the files say of the NIC."""
    changed, asked = settings(after, intent.bridge, dialect), leased(after, intent.bridge)
    nic = after.link(intent.nic)
    extras = RenderOptions(
        settings=changed, leased=asked, cidr=cidr, vlans=nic.vlans if nic else None
    )
    return stanza_text(after, intent, extras, dialect)


def file_changes(
    main: Path,
    before: NetworkState,
    after: NetworkState,
    intent: Intent,
    manner: Manner,
) -> tuple[tuple[FileChange, ...], tuple[Finding, ...]]:
    """Return the changes that make the state after the migration last, and what to tell of them.

    If the bridge was there before, a stanza of its own goes into the new one.
    """
    dialect, after = manner.dialect, _with_leases_ending(after)
    with refuse_on_error():
        parsed = read(main, dialect)
    there = before.link(intent.bridge) is not None
    extras = _extras(parsed, after, intent, dialect, there)
    stanza = _stanza(parsed, after, intent, extras, manner)
    changes: list[FileChange] = []
    for path, (text, new) in _rewritten(parsed, intent, stanza, there, dialect).items():
        if new != text:
            changes += _with_backup(path, new, hidden=path != main)
    asked = dialect.asked(extras.leased)
    found = (
        *about_files(parsed, intent, there),
        *about_lines(parsed, extras.kept, intent, manner.source),
        *about_agreement(parsed, before, intent.nic, manner.source),
        *about_taking(main, changes, dialect),
        *about_writing(changes),
        *about_the_unwritten(after, intent.bridge, extras.leased - asked),
        *about_tools(asked, dialect),
    )
    return tuple(changes), found


def _named(intent: Intent, there: bool) -> tuple[str, ...]:
    """The links whose stanzas become the new one."""
    return (intent.nic, intent.bridge) if there else (intent.nic,)


def _extras(
    parsed: ParsedInterfaces, after: NetworkState, intent: Intent, dialect: Dialect, there: bool
) -> RenderOptions:
    named = _named(intent, there)
    asking = interfaces.dynamic_options(parsed, intent.nic)
    asked = [option for options in asking.values() for option in options]
    own = tuple(option for name in named for option in interfaces.options_of(parsed, name))
    bridge = after.link(intent.bridge)
    return RenderOptions(
        mac=bridge.mac if bridge else None,
        settings=settings(after, intent.bridge, dialect),
        kept=interfaces.options_to_keep(tuple(o for o in own if o not in asked), *named),
        asking=asking,
        leased=leased(after, intent.bridge, interfaces.methods_of(parsed, intent.nic)),
        port=intent.spec.port,
        ports=interfaces.bridge_ports(own),
        lasting=dialect is CLASSIC
        and any(interfaces.is_no_auto_down(parsed, one) for one in named),
    )


def _stanza(
    parsed: ParsedInterfaces,
    after: NetworkState,
    intent: Intent,
    extras: RenderOptions,
    manner: Manner,
) -> str:
    """The text of the bridge's stanza."""
    dialect = manner.dialect
    bridge, stanzas = after.link(intent.bridge), interfaces.definitions_for(parsed, intent.nic)
    silent = not parsed.definitions_of(parsed.logical_name(intent.nic))
    if manner.source == "live" or bridge is None or silent:
        text = stanza_text(after, intent, extras, dialect)
    else:
        there = replace(extras, kept=_own_of_the_bridge(parsed, intent))
        followed = replace(bridge, mtu=mtu(stanzas))
        words = bridge_options(followed, intent.nic, there, dialect)
        text = render(retarget(stanzas, intent.nic, intent.bridge, tuple(words)), template())
    return f"no-auto-down {intent.bridge}\n{text}" if extras.lasting else text


def _own_of_the_bridge(parsed: ParsedInterfaces, intent: Intent) -> tuple[Option, ...]:
    """What a bridge's own stanza says beside that it is one."""
    return interfaces.options_to_keep(interfaces.options_of(parsed, intent.bridge), intent.bridge)


def _rewritten(
    parsed: ParsedInterfaces, intent: Intent, stanza: str, there: bool, dialect: Dialect
) -> dict[Path, tuple[str, str]]:
    """Each file's text with what shall be in its place."""
    homes = (interfaces.file_of(parsed, name) for name in _named(intent, there))
    home = next((path for path in homes if path), parsed.main)
    nic, bridge = (interfaces.find_references(parsed, name) for name in (intent.nic, intent.bridge))
    nic = replace(nic, named=nic.named or dialect.always_bare)
    made: dict[Path, tuple[str, str]] = {}
    for path, text in _texts(parsed).items():
        without = interfaces.disable(text, intent.bridge, "", bridge, dialect) if there else text
        here = stanza if path == Path(home) else ""
        new = interfaces.disable(without, intent.nic, here, nic, dialect)
        made[path] = text, new
    return made


def _with_leases_ending(state: NetworkState) -> NetworkState:
    """What a DHCP client asks for ends with its lease, although udhcpc does not tell the kernel."""
    ours = {(client.link, client.address) for client in state.clients}
    addresses = (
        replace(a, valid=LEASE, preferred=LEASE) if (a.link, a.ip) in ours else a
        for a in state.addresses
    )
    return replace(state, addresses=tuple(addresses))


def leased(
    after: NetworkState, bridge: str, methods: frozenset[tuple[str, str]] = frozenset()
) -> frozenset[int]:
    """The families whose addresses must come by DHCP at boot, or the host would be lost.

    Who gave an IPv4 address with a lifetime is known from the NIC's manager or stanza; without
    those it was DHCP if nothing else would give the host an address.
    """
    ipv4 = [a for a in after.addresses_on(bridge) if a.family == IPV4]
    told = (
        after.managers
        or after.clients_on(bridge)
        or ("inet", "dhcp") in methods
        or all(a.dynamic for a in ipv4)
    )
    found = {IPV4} if told and any(a.dynamic for a in ipv4) else set()
    return frozenset(found | ({IPV6} if ("inet6", "dhcp") in methods else set()))


def settings(state: NetworkState, bridge: str, dialect: Dialect) -> tuple[Sysctl, ...]:
    """Return the bridge's settings that it would not have by itself."""
    fresh = default_sysctls(state)
    wanted = state.sysctls_of(bridge)
    changed = {key for key in wanted if fresh.get(key, wanted[key]) != wanted[key]}
    said = changed | (dialect.sets & wanted.keys())
    return tuple(Sysctl(key.format(bridge), wanted[key]) for key in sorted(said))


def outside(main: Path, changes: Iterable[FileChange]) -> list[str]:
    """Return the paths that are neither an interfaces file nor the backup of one.

    A plan comes from a file that anyone may have written.
    """
    with refuse_on_error():
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
    before = atomic_file.read(path)
    backup = path.with_name(_names(path)[hidden])
    change = FileChange(str(path), before, _bytes(text))
    if before is None:
        return [change]
    return [FileChange(str(backup), atomic_file.read(backup), before), change]


def read(main: Path, dialect: Dialect = CLASSIC) -> ParsedInterfaces:
    """The main interfaces file and those that it includes."""
    atomic_file.read(main)  # tells it if that is no file; of those included ifup would skip it
    return interfaces.parse_files(
        str(main), atomic_file.FileSnapshot(), strict=False, dialect=dialect
    )


def _texts(parsed: ParsedInterfaces) -> dict[Path, str]:
    """The text of each file; the main one need not exist."""
    found = {Path(path): document.text for path, document in parsed.documents.items()}
    return {Path(parsed.main): ""} | found


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
