"""What `pxe check --fix` changes on a bridge, and how `pxe down` rolls it back."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, to_builtins

from bridgekit.attach import addresses
from bridgekit.attach.port import vlan_flags
from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.netlink.iproute import IpRoute
from bridgekit.pxe.files import ServiceDir, private_dir
from bridgekit.system import codec
from bridgekit.system.namespaces import current
from bridgekit.system.progress import Report

SYS_CLASS_NET = Path("/sys/class/net")


class BridgeAttribute(Struct, frozen=True):
    """An attribute of a bridge and its value. linux/net/bridge/br_sysfs_br.c."""

    link: str
    name: str
    value: str

    def __str__(self) -> str:
        return f"echo {self.value} > {self._path}"

    @property
    def _path(self) -> Path:
        return SYS_CLASS_NET / self.link / "bridge" / self.name

    def read(self) -> "BridgeAttribute":
        """Return the same attribute with the value that it has now."""
        return BridgeAttribute(self.link, self.name, self._path.read_text().strip())

    def apply(self) -> None:
        """Write the value."""
        self._path.write_text(self.value)


class VlanMembership(Struct, frozen=True):
    """A port in a VLAN. bridge(8).

    `how` is "pvid untagged", "" (tagged), or None if the port is not in the VLAN.
    """

    link: str
    vlan: int
    how: str | None

    def __str__(self) -> str:
        return f"bridge vlan add dev {self.link} vid {self.vlan} {self.how}"

    def read(self) -> "VlanMembership":
        """Return the same port and VLAN as they are now."""
        return VlanMembership(self.link, self.vlan, vlan_flags(self.link, self.vlan))

    def apply(self) -> None:
        """Make the port a member, or take it out of the VLAN."""
        with IpRoute() as ip:
            if self.how is None:
                ip.delete_vlan(self.link, self.vlan)
                return
            flags = self.how.split()
            ip.add_vlan(self.link, self.vlan, pvid="pvid" in flags, untagged="untagged" in flags)


Fix = BridgeAttribute | VlanMembership
KINDS: dict[str, type[Fix]] = {"Setting": BridgeAttribute, "Member": VlanMembership}
"""How each kind of fix is called in the file."""


class AppliedFix(Struct, frozen=True):
    """A fix, the state before it, and which link that was: its index, and the boot."""

    fix: Fix
    before: Fix
    index: int
    boot: str

    def is_unchanged(self) -> bool:
        """Return whether that very link still has what the fix gave it."""
        link = addresses.link(self.fix.link)
        same = link is not None and (link.index, current().boot) == (self.index, self.boot)
        return same and self.fix.read() == self.fix


class _StoredFix(Struct, frozen=True):
    """An applied fix as the file holds it; `link` is the index and the boot."""

    kind: str
    fix: dict[str, Any]
    before: dict[str, Any]
    link: tuple[int, str]


def apply_fixes(wanted: tuple[Fix, ...], service_dir: ServiceDir) -> None:
    """Apply all of them, recording each time the state before.

    Raises RefusedError if that cannot be recorded.
    """
    applied = _read_applied(service_dir)
    for fix in wanted:
        if link := addresses.link(fix.link):
            applied = [*applied, AppliedFix(fix, fix.read(), link.index, current().boot)]
            _write_applied(service_dir, applied)
            fix.apply()


def roll_back(service_dir: ServiceDir, report: Report) -> None:
    """Restore the state before `apply_fixes`, on links that nobody changed since.

    A file that cannot be read is kept and reported: it must not keep a service from stopping.
    """
    try:
        applied = _read_applied(service_dir)
    except RefusedError as error:
        return report(str(error))
    for one in reversed(applied):
        if one.is_unchanged():
            one.before.apply()
    _file(service_dir).unlink(missing_ok=True)


def _file(service_dir: ServiceDir) -> Path:
    return service_dir.path.with_name(f"{service_dir.name}.fixed.json")


def _read_applied(service_dir: ServiceDir) -> list[AppliedFix]:
    try:
        stored = codec.read(_file(service_dir), list[_StoredFix]) or []
        return [_decode(one) for one in stored]
    except (BridgekitError, msgspec.ValidationError, KeyError) as error:
        raise RefusedError(
            f"{_file(service_dir)} cannot be read; what `pxe check --fix` changed stays as it is; "
            "remove that file once the bridge is as it should be"
        ) from error


def _decode(stored: _StoredFix) -> AppliedFix:
    kind = KINDS[stored.kind]
    fix, before = (msgspec.convert(one, kind) for one in (stored.fix, stored.before))
    return AppliedFix(fix, before, *stored.link)


def _write_applied(service_dir: ServiceDir, applied: list[AppliedFix]) -> None:
    names = {kind: name for name, kind in KINDS.items()}
    private_dir(service_dir.path.parent)
    stored = [
        _StoredFix(
            names[type(one.fix)],
            to_builtins(one.fix),
            to_builtins(one.before),
            (one.index, one.boot),
        )
        for one in applied
    ]
    codec.write(_file(service_dir), stored)
