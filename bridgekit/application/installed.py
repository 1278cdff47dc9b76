"""The program that reads the interfaces file at boot, and whether it can do what the file says."""

import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from bridgekit.host import files, flavours
from bridgekit.migration.finding import Finding
from bridgekit.persistence import interfaces
from bridgekit.persistence.flavour import CLASSIC, FLAVOURS, Flavour

BRIDGE_UTILS = Path("/etc/network/if-pre-up.d/bridge")


def flavour(asked: str | None) -> Flavour:
    """Return the flavour that was asked for, else the installed one, else the classic one."""
    return FLAVOURS.get(asked or flavours.installed() or "", CLASSIC)


@dataclass(frozen=True, slots=True)
class _Made:
    """The files as they will be."""

    texts: dict[Path, str]

    def text(self, path: str) -> str | None:
        made = self.texts.get(Path(path))
        return files.Texts().text(path) if made is None else made

    def names(self, folder: str) -> Collection[str]:
        return files.Texts().names(folder)


def about_taking(main: Path, made: dict[Path, str], flavour: Flavour) -> Iterator[Finding]:
    """Yield what the flavour would not take of the files with the texts that are made for them."""
    texts = _Made(made)
    reading = interfaces.read(str(main), texts, strict=flavour is CLASSIC)
    for one in interfaces.untaken(reading, texts, flavour):
        message = f"{flavour.name} does not take {one.path}, line {one.line}: {one.message}"
        yield Finding("refuse", "file-not-taken", message, "mend that, or give --no-persist")


def about_tools(leases: frozenset[int], flavour: Flavour) -> Iterator[Finding]:
    """Yield what the flavour lacks to make the bridge and to ask for these families' leases."""
    here = flavours.installed()
    if here is None:
        message = "ifupdown is not installed: nothing reads the interfaces file at boot"
        yield Finding("warn", "no-ifupdown", message, "apt install ifupdown bridge-utils")
        return
    if here != flavour.name:
        message = f"the file is written for {flavour.name}, and {here} is installed"
        yield Finding(
            "warn", "other-flavour", message, f"install {flavour.name} before the next boot"
        )
        return
    if flavour is CLASSIC and not BRIDGE_UTILS.exists():
        message = "bridge-utils is not installed: at the next boot ifup could not make the bridge"
        advice = "apt install bridge-utils, or give --no-persist"
        yield Finding("refuse", "no-bridge-utils", message, advice)
    if leases and not any(map(shutil.which, flavour.clients)):
        message = "no DHCP client is installed: at the next boot ifup could not ask for the lease"
        advice = "apt install isc-dhcp-client or dhcpcd-base, or give --no-persist"
        yield Finding("refuse", "no-dhcp-client", message, advice)
