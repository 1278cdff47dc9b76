"""The catalogue of what can be booted: TOML files that ship and those that the user adds.

    [[entry]]
    name = "rescue"
    title = "Rescue mode"
    kernel = "debian/13/{arch}/linux"           # a path below /srv/tftp; site/… is the user's own
    initrd = ["debian/13/{arch}/initrd.gz"]
    arguments = "rescue/enable=true --- quiet"  # {{ server }} is the service's address
    arch = "any"                                # or amd64 (if nothing is said), or arm64
    firmware = "any"                            # or bios, or efi

Instead of a kernel: `program` (an EFI program), `grub` or `ipxe` (lines of such a script), or
`local = true` (go on with the machine's own disk).
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from .settings import FILE, NAME, SettingsError

ARCHITECTURES = {"amd64": ("amd64",), "arm64": ("arm64",), "any": ("amd64", "arm64")}
FIRMWARES = ("bios", "efi", "any")
TITLE = re.compile(r"[A-Za-z0-9 ._,:=/@%+~?*()-]{1,70}")
ARGUMENTS = re.compile(r"[A-Za-z0-9 ._,:=/@%+~?*{}&;-]{0,1500}")


@dataclass(frozen=True, slots=True)
class BootEntry:
    """One thing to boot; the module's docstring lists the fields."""

    name: str
    title: str
    kernel: str = ""
    initrd: tuple[str, ...] = ()
    arguments: str = ""
    arch: str = "amd64"
    firmware: str = "any"
    program: str = ""
    grub: str = ""
    ipxe: str = ""
    local: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """All files that it needs, as paths below the tree."""
        return tuple(path for path in (self.kernel, *self.initrd, self.program) if path)

    def on(self, arch: str) -> "BootEntry":
        """Return it for one architecture, whose name replaces {arch} in the paths."""
        kernel, program = (path.replace("{arch}", arch) for path in (self.kernel, self.program))
        initrd = tuple(path.replace("{arch}", arch) for path in self.initrd)
        return replace(self, kernel=kernel, program=program, initrd=initrd, arch=arch)


def parse(text: str, source: str) -> Iterator[BootEntry]:
    """Yield the entries of one file. Raises SettingsError, with the file's name, for a bad one."""
    try:
        tables = tomllib.loads(text).get("entry", [])
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source} is no TOML: {error}") from error
    if not isinstance(tables, list):
        raise SettingsError(f"{source}: each entry begins with [[entry]]")
    for table in tables:
        yield _entry(table, source)


def merge(catalogues: Iterable[Iterable[BootEntry]]) -> tuple[BootEntry, ...]:
    """Return one catalogue of several; a later entry replaces an earlier one of the same name."""
    found: dict[str, BootEntry] = {}
    for entries in catalogues:
        found.update({entry.name: entry for entry in entries})
    return tuple(found.values())


def bootable_on(entries: Iterable[BootEntry], arch: str, firmware: str) -> tuple[BootEntry, ...]:
    """Return the entries for such a machine, with its architecture in the paths."""
    fits = (entry for entry in entries if arch in ARCHITECTURES[entry.arch])
    return tuple(entry.on(arch) for entry in fits if entry.firmware in (firmware, "any"))


def _entry(table: Mapping[str, Any], source: str) -> BootEntry:
    known = {field.name for field in fields(BootEntry)}
    if not isinstance(table, dict) or not table.get("name") or set(table) - known:
        raise SettingsError(
            f"{source}: an entry has a name and a title, and no words but {sorted(known)}"
        )
    values = {**table, "title": table.get("title", table["name"])}
    if isinstance(values.get("initrd"), str):
        values["initrd"] = [values["initrd"]]
    values["initrd"] = tuple(map(str, values.get("initrd", ())))
    for field in fields(BootEntry):
        if field.name in values and not isinstance(values[field.name], _TYPES[field.name]):
            raise SettingsError(
                f"{source}: {field.name} of {values['name']!r} is of the wrong kind"
            )
    entry = BootEntry(**values)
    _check(entry, source)
    return entry


_TYPES: dict[str, type] = {field.name: str for field in fields(BootEntry)}
_TYPES |= {"initrd": tuple, "local": bool}


def _check(entry: BootEntry, source: str) -> None:
    for good, what in (
        (NAME.fullmatch(entry.name), f"name {entry.name!r}"),
        (TITLE.fullmatch(entry.title), f"title {entry.title!r}"),
        (ARGUMENTS.fullmatch(entry.arguments), f"arguments {entry.arguments!r}"),
        (entry.arch in ARCHITECTURES, f"arch {entry.arch!r}"),
        (entry.firmware in FIRMWARES, f"firmware {entry.firmware!r}"),
        (all(FILE.fullmatch(path) for path in entry.on("amd64").files), "files"),
    ):
        if not good:
            raise SettingsError(f"{source}: the {what} of the entry {entry.name!r} can't be used")
    ways = (entry.kernel, entry.program, entry.grub or entry.ipxe, entry.local)
    if sum(map(bool, ways)) != 1:
        raise SettingsError(
            f"{source}: the entry {entry.name!r} needs one of kernel, program, grub/ipxe, local"
        )
