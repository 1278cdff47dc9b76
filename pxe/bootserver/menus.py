"""Boot menus from the catalogue: one file for each kind of loader."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from .catalogue import BootEntry, bootable_on
from .machines import MachineEntry
from .settings import Settings, SettingsError
from .templating import TEMPLATES, render, render_string


@dataclass(frozen=True, slots=True)
class Loader:
    """A program that shows a menu: its template, the machines it runs on, and its menu's file.

    `per_machine` is the file for one machine, with its MAC address as this loader spells it.
    """

    template: str
    arch: str
    firmware: str
    file: str
    per_machine: str

    def machine_file(self, mac: str) -> str:
        """Return the menu's file for the machine with this MAC address."""
        return self.per_machine.format(mac=mac, dashed=mac.replace(":", "-"))


LOADERS = (
    Loader("grub.cfg", "amd64", "efi", "grub-amd64.cfg", "grub-amd64-{mac}.cfg"),
    Loader("grub.cfg", "arm64", "efi", "grub-arm64.cfg", "grub-arm64-{mac}.cfg"),
    Loader("boot.ipxe", "amd64", "bios", "bios.ipxe", "bios-{dashed}.ipxe"),
    Loader("boot.ipxe", "amd64", "efi", "amd64.ipxe", "amd64-{dashed}.ipxe"),
    Loader("boot.ipxe", "arm64", "efi", "arm64.ipxe", "arm64-{dashed}.ipxe"),
    Loader("pxelinux.cfg", "amd64", "bios", "pxelinux.cfg/default", "pxelinux.cfg/01-{dashed}"),
)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of one menu, with all its arguments."""

    entry: BootEntry
    arguments: str

    @property
    def quoted(self) -> str:
        """The arguments for GRUB, to which its menu is a script: `;` would end the command."""
        return shlex.join(self.arguments.split())


def render_menus(
    entries: tuple[BootEntry, ...],
    machines: tuple[MachineEntry, ...],
    settings: Settings,
    server: str,
) -> Iterator[tuple[str, str]]:
    """Yield each menu as (file, text): one for each loader, and for each machine with an entry.

    Raises SettingsError for a machine whose entry is in none of its menus.
    """
    chosen = tuple(machine for machine in machines if machine.entry)
    for machine in chosen:
        if machine.entry not in {entry.name for entry in entries}:
            raise SettingsError(
                f"{machine.mac} shall boot {machine.entry!r}, which is in no catalogue"
            )
    for loader in LOADERS:
        offers = _menu_items(entries, loader, settings, server)
        yield loader.file, _render_menu(loader, offers, settings, server, bool(chosen))
        for machine in chosen:
            if any(offer.entry.name == machine.entry for offer in offers):
                name = loader.machine_file(machine.mac)
                own = (offer for offer in offers if offer.entry.name == machine.entry)
                yield name, _render_menu(loader, tuple(own), settings, server, False)


def _menu_items(
    entries: tuple[BootEntry, ...], loader: Loader, settings: Settings, server: str
) -> tuple[MenuItem, ...]:
    found = (
        entry
        for entry in bootable_on(entries, loader.arch, loader.firmware)
        if _supports(loader.template, entry)
    )
    return tuple(MenuItem(entry, _kernel_arguments(entry, settings, server)) for entry in found)


def _supports(template: str, entry: BootEntry) -> bool:
    """Return whether this loader can start it: pxelinux, for one, starts no EFI program."""
    if entry.grub or entry.ipxe:
        return bool({"grub.cfg": entry.grub, "boot.ipxe": entry.ipxe}.get(template))
    return not (entry.program and template == "pxelinux.cfg")


def _kernel_arguments(entry: BootEntry, settings: Settings, server: str) -> str:
    """Join the arguments: added ones before Debian's dashes, behind which are the new system's."""
    words, dashes, rest = render_string(entry.arguments, server=server).partition("---")
    return " ".join(filter(None, (words.strip(), settings.append, dashes + rest)))


def _render_menu(
    loader: Loader, offers: tuple[MenuItem, ...], settings: Settings, server: str, chosen: bool
) -> str:
    return render(
        f"{loader.template}.j2",
        TEMPLATES,
        offers=offers,
        default=offers[0].entry.name if offers else "",
        timeout=settings.timeout if len(offers) > 1 else 0,
        server=server,
        ipv6=settings.ipv6,
        own=loader.per_machine if chosen else "",
    )
