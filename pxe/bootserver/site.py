"""Catalogues, machines and answer files: what ships and what the user adds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .catalogue import ARCHITECTURES, BootEntry, merge, parse
from .machines import MachineEntry
from .machines import parse as parse_machines
from .settings import NAME, Settings, SettingsError
from .shipped import SHIPPED

FIRMWARE = "debian/firmware.cpio.gz"


@dataclass(frozen=True, slots=True)
class Site:
    """What can be booted, the machines that are listed, and where answer files are."""

    entries: tuple[BootEntry, ...]
    machines: tuple[MachineEntry, ...]
    answers: tuple[Path, ...]

    def on_each(self) -> Iterator[BootEntry]:
        """Yield every entry for every architecture."""
        return (entry.on(arch) for entry in self.entries for arch in ARCHITECTURES["any"])

    def calls_back(self, name: str) -> bool:
        """Return whether an installer with this answer file calls /done at its end."""
        files = (folder / name for folder in self.answers if NAME.fullmatch(name))
        found = next((file for file in files if file.is_file()), None)
        return found is not None and "/done" in found.read_text(errors="replace")


def read_site(settings: Settings, tree: Path | None, added: Path) -> Site:
    """Return what ships and is in the tree, and what the user added.

    Without a tree, no file is looked up in it. Raises SettingsError for a bad catalogue.
    """
    try:
        return _read_site(settings, tree, added)
    except PermissionError as error:
        raise SettingsError(
            f"{error.filename} is not readable for everyone, which it must be"
        ) from error


def _read_site(settings: Settings, tree: Path | None, added: Path) -> Site:
    every = _entries(SHIPPED / "catalogue")  # of more releases than one image holds
    shipped = (entry for entry in every if not _missing(entry, tree))
    own = tuple(_entries(added / "catalogue"))
    entries = merge((shipped, own))
    for entry in own:
        if missing := _missing(entry, tree):
            raise SettingsError(f"{entry.name!r} needs {missing[0]}, which is not there")
    if settings.default not in {"", *(entry.name for entry in entries)}:
        raise SettingsError(f"PXE_DEFAULT is {settings.default!r}, which is in no catalogue")
    machines = added / "machines.toml"
    known = parse_machines(_text(machines), machines.name) if machines.is_file() else ()
    if tree and (tree / FIRMWARE).is_file():
        entries = tuple(map(_with_firmware, entries))
    return Site(_default_first(entries, settings), known, (added / "answers", SHIPPED / "answers"))


def _entries(folder: Path) -> Iterator[BootEntry]:
    for path in sorted(folder.glob("*.toml")):
        yield from parse(_text(path), path.name)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} can't be read: {error}") from error


def _with_firmware(entry: BootEntry) -> BootEntry:
    """Debian's installer looks for packages in /firmware of its initial RAM disk."""
    ours = entry.kernel.startswith("debian/")
    return replace(entry, initrd=(*entry.initrd, FIRMWARE)) if ours else entry


def _missing(entry: BootEntry, tree: Path | None) -> list[str]:
    if tree is None:
        return []
    files = (path for arch in ARCHITECTURES[entry.arch] for path in entry.on(arch).files)
    return [path for path in files if not (tree / path).is_file()]


def _default_first(entries: tuple[BootEntry, ...], settings: Settings) -> tuple[BootEntry, ...]:
    """Put the entry first that starts by itself; PXE_KERNEL and PXE_INITRD change what it boots."""
    default = settings.default or entries[0].name
    first, *_ = (entry for entry in entries if entry.name == default)
    rest = tuple(entry for entry in entries if entry.name != default)
    if settings.kernel:
        initrd = (settings.initrd,) if settings.initrd else ()
        first = replace(first, kernel=settings.kernel, initrd=initrd, program="", local=False)
    return (first, *rest)
