"""What `pxe check --fix` changes on a bridge, and how `pxe down` puts it back."""

import json
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from bridgekit.attach import addresses, veth
from bridgekit.errors import RefusedError
from bridgekit.pxe.files import ServiceDir, private_dir
from bridgekit.system.atomic_file import write
from bridgekit.system.namespaces import current
from bridgekit.system.process import run
from bridgekit.system.progress import Say

LINKS = Path("/sys/class/net")


class Setting(Struct, frozen=True):
    """A setting of a bridge's own, and its value. linux/net/bridge/br_sysfs_br.c"""

    link: str
    name: str
    value: str

    def __str__(self) -> str:
        return f"echo {self.value} > {self._path}"

    @property
    def _path(self) -> Path:
        return LINKS / self.link / "bridge" / self.name

    def now(self) -> "Setting":
        """The same setting, with the value that it has."""
        return Setting(self.link, self.name, self._path.read_text().strip())

    def put(self) -> None:
        """Write it."""
        self._path.write_text(self.value)


class Member(Struct, frozen=True):
    """A port in a VLAN, as "pvid untagged" or "" (tagged); None if it is not in it. bridge(8)"""

    link: str
    vlan: int
    how: str | None

    def __str__(self) -> str:
        return f"bridge vlan add dev {self.link} vid {self.vlan} {self.how}"

    def now(self) -> "Member":
        """The same port and VLAN, as they are."""
        return Member(self.link, self.vlan, veth.vlans(self.link).get(self.vlan))

    def put(self) -> None:
        """Make it so."""
        verb, words = ("del", "") if self.how is None else ("add", self.how)
        run("bridge", "vlan", verb, "dev", self.link, "vid", str(self.vlan), *words.split())


Fix = Setting | Member
KINDS = {kind.__name__: kind for kind in (Setting, Member)}


class AppliedFix(Struct, frozen=True):
    """A fix, what was there before, and which link that was: its index, and the boot."""

    fix: Fix
    before: Fix
    index: int
    boot: str

    def stands(self) -> bool:
        """Is that very link still there, as the fix has left it?"""
        link = addresses.link(self.fix.link)
        same = link is not None and (link.index, current().boot) == (self.index, self.boot)
        return same and self.fix.now() == self.fix


def fix(known: tuple[Fix, ...], home: ServiceDir) -> None:
    """Do all of them, each time noting first what was there.

    RefusedError if no note can be kept.
    """
    done = _noted(home)
    for one in known:
        if link := addresses.link(one.link):
            done = [*done, AppliedFix(one, one.now(), link.index, current().boot)]
            _note(home, done)
            one.put()


def take_back(home: ServiceDir, say: Say) -> None:
    """Put back what `fix` found, on links that are still the same and that nobody changed since.

    A note that can't be read is kept, and said: it must not keep a service from going.
    """
    try:
        done = _noted(home)
    except RefusedError as error:
        return say(str(error))
    for one in reversed(done):
        if one.stands():
            one.before.put()
    _file(home).unlink(missing_ok=True)


def _file(home: ServiceDir) -> Path:
    return home.path.with_name(f"{home.name}.fixed.json")


def _noted(home: ServiceDir) -> list[AppliedFix]:
    if not _file(home).exists():
        return []
    try:
        return [_done(**one) for one in json.loads(_file(home).read_text())]
    except (ValueError, TypeError, KeyError) as error:
        raise RefusedError(
            f"{_file(home)} can't be read. What `pxe check --fix` has changed stays as it is; "
            "remove that file once it is as it should be."
        ) from error


def _done(kind: str, fix: Any, before: Any, link: Any) -> AppliedFix:
    return AppliedFix(KINDS[kind](**fix), KINDS[kind](**before), *link)


def _note(home: ServiceDir, done: list[AppliedFix]) -> None:
    private_dir(home.path.parent)
    values = [
        {
            "kind": type(one.fix).__name__,
            "fix": asdict(one.fix),
            "before": asdict(one.before),
            "link": (one.index, one.boot),
        }
        for one in done
    ]
    write(_file(home), json.dumps(values).encode())
