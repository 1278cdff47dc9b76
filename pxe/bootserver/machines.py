"""The machines of machines.toml: which entry each boots, and values for its answer files.

[profile.worker]
entry = "auto"
data = { disk = "/dev/vda" }

[machine."52:54:00:c1:00:01"]
profile = "worker"
hostname = "node1"
data = { user = "admin" }
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .settings import NAME, SettingsError

MAC = re.compile(
    r"[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"
    r"|[0-9A-Fa-f]{12}"
)
"""The spellings that the host's bridgekit/state/mac.py takes."""
HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
LOADERS = ("", "pxelinux")


@dataclass(frozen=True, slots=True)
class MachineEntry:
    """A machine by its MAC address; `entry` starts without a question, empty shows the menu.

    `loader` "pxelinux" is for a BIOS machine whose own iPXE is not to be trusted.
    """

    mac: str
    entry: str = ""
    hostname: str = ""
    loader: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def parse(text: str, source: str) -> tuple[MachineEntry, ...]:
    """Return the machines of a file. Raises SettingsError for a bad one."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source} is no TOML: {error}") from error
    profiles = _tables(tables, "profile", source)
    machines = _tables(tables, "machine", source)
    return tuple(_machine(mac, table, profiles, source) for mac, table in machines.items())


def parse_mac(text: str) -> str:
    """Return a MAC address in lower case with colons.

    Raises:
        SettingsError: The text is no MAC address of six octets.
    """
    if not MAC.fullmatch(text):
        raise SettingsError(f"{text!r} is no MAC address; write one like 52:54:00:c1:00:01")
    digits = re.sub(r"[:.-]", "", text).lower()
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def machine_for(machines: tuple[MachineEntry, ...], mac: str) -> MachineEntry:
    """Return the machine with this MAC address, one without settings if it is not listed."""
    return next((one for one in machines if one.mac == mac), MachineEntry(mac))


def _tables(tables: Mapping[str, Any], name: str, source: str) -> Mapping[str, Any]:
    found = tables.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise SettingsError(f"{source}: {name}s are written as [{name}.NAME]")
    return found


def _machine(
    mac: str, table: Mapping[str, Any], profiles: Mapping[str, Any], source: str
) -> MachineEntry:
    name = table.get("profile", "")
    if name and name not in profiles:
        raise SettingsError(f"{source}: {mac} names the profile {name!r}, which is not there")
    profile: Mapping[str, Any] = profiles[name] if name else {}
    values = {**profile, **table, "data": {**profile.get("data", {}), **table.get("data", {})}}
    values.pop("profile", None)
    if unknown := set(values) - {"entry", "hostname", "loader", "data"}:
        raise SettingsError(f"{source}: {mac} has {', '.join(sorted(unknown))}, which mean nothing")
    try:
        machine = MachineEntry(parse_mac(mac), **values)
    except SettingsError as error:
        raise SettingsError(f"{source}: {error}") from error
    _check(machine, source)
    return machine


def _check(machine: MachineEntry, source: str) -> None:
    for good, what in (
        (not machine.entry or NAME.fullmatch(str(machine.entry)), "entry"),
        (not machine.hostname or HOSTNAME.fullmatch(str(machine.hostname)), "hostname"),
        (machine.loader in LOADERS, "loader"),
    ):
        if not good:
            raise SettingsError(f"{source}: the {what} of {machine.mac} can't be used")
