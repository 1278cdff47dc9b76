"""Make a migration last in the files of ifupdown, and compare those with the host."""

from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

from bridgekit.application.ifupdown import (
    as_changed,
    check_lasting,
    check_programs,
    check_writable,
    choose_options,
)
from bridgekit.errors import refuse_on_error
from bridgekit.persistence.ifupdown import checks, interfaces, rewrite
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.drift import find_drift
from bridgekit.persistence.ifupdown.from_state import stanzas_from_state
from bridgekit.persistence.ifupdown.listing import Listing, list_stanzas
from bridgekit.persistence.ifupdown.rewrite import PersistOptions, Rewrite
from bridgekit.persistence.ifupdown.template import fill
from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange
from bridgekit.state.network_state import NetworkState
from bridgekit.system import atomic_file

Changes = tuple[FileChange, ...]


def bridge_stanza(state: NetworkState, intent: Intent, options: PersistOptions, cidr: bool) -> str:
    """Return the interfaces(5) text of the bridge, without what the files say of the NIC."""
    return fill(_template(), stanzas_from_state(state, intent, options.dialect, cidr))


def find_differences(
    main: Path, state: NetworkState, link: str, options: PersistOptions
) -> list[str]:
    """Return what the files and a running link do not agree on, a sentence for each."""
    with refuse_on_error():
        return list(find_drift(_parsed(main, options.dialect), state, link))


def list_files(main: Path, options: PersistOptions) -> Listing:
    """Return what the files say, read as the dialect reads them."""
    files, dialect = atomic_file.FileSnapshot(), options.dialect
    parsed = interfaces.parse_files(str(main), files, dialect is CLASSIC, dialect)
    return list_stanzas(parsed)


def file_changes(
    main: Path, before: NetworkState, after: NetworkState, intent: Intent, options: PersistOptions
) -> tuple[Changes, tuple[Finding, ...]]:
    """Return the changes that make the state after the migration last, and findings about them.

    If the bridge existed before, the new stanza replaces its own, too.
    """
    with refuse_on_error():
        parsed = _parsed(main, options.dialect)
    rewriting = Rewrite(parsed, before, after, intent, options)
    extra = rewriting.render_options()
    text = fill(_template(), rewriting.stanzas(extra))
    changes = tuple(_changes(main, rewriting.texts(text)))
    asked = options.dialect.asks_dhcp_for(extra.dhcp_families)
    versions = (atomic_file.FileSnapshot(), as_changed(changes))
    findings = (
        *checks.check_stanzas(rewriting),
        *checks.check_lines(rewriting),
        *checks.check_drift(rewriting),
        *checks.check_dialect(str(main), versions, options.dialect),
        *check_writable(changes),
        *check_lasting(rewriting),
        *checks.check_expressible(rewriting.lasting, intent.bridge, extra.dhcp_families - asked),
        *check_programs(asked, options.dialect),
    )
    return changes, findings


def check_manager(main: Path, state: NetworkState, nic: str) -> list[Finding]:
    """Return whether another manager than ifupdown configures the NIC at the next boot."""
    with refuse_on_error():
        return checks.check_manager(_parsed(main), state, nic)


def check_foreign_bridge(main: Path, bridge: str) -> list[Finding]:
    """Return where the files have a bridge that bridgekit did not make, and that goes now."""
    return checks.check_foreign_bridge(_parsed(main, choose_options(None).dialect), bridge)


def outside(main: Path, changes: Iterable[FileChange]) -> list[str]:
    """Return the paths that are neither an interfaces file nor the backup of one.

    A plan comes from a file that anyone may have written.
    """
    with refuse_on_error():
        paths = [Path(path) for path in rewrite.texts(_parsed(main))]
    allowed = {one for path in paths for one in (path, *_backups(path))}
    return [item.path for item in changes if Path(item.path) not in allowed]


def _parsed(main: Path, dialect: Dialect = CLASSIC) -> interfaces.ParsedInterfaces:
    """Return the main interfaces file and those that it includes."""
    atomic_file.read(main)  # raises if that is no file; of those included ifup would skip it
    files = atomic_file.FileSnapshot()
    return interfaces.parse_files(str(main), files, strict=False, dialect=dialect)


def _template() -> str:
    return resources.files("bridgekit.assets").joinpath("templates/interfaces.j2").read_text()


def _changes(main: Path, texts: dict[str, tuple[str, str]]) -> Iterator[FileChange]:
    """Yield a change for each text that differs, after one for its backup.

    The backup of an included file is hidden, for `source …/*` would read it.
    """
    for path, (old, new) in ((Path(name), pair) for name, pair in texts.items()):
        if new == old:
            continue
        before = atomic_file.read(path)
        if before is not None:
            backup = _backups(path)[path != main]
            yield FileChange(str(backup), atomic_file.read(backup), before)
        yield FileChange(str(path), before, new.encode(errors="surrogateescape"))


def _backups(path: Path) -> tuple[Path, Path]:
    """Return the paths of a file's backup, shown and hidden."""
    name = f"{path.name}.before-bridgekit"
    return path.with_name(name), path.with_name(f".{name}")
