"""What `pxe check --fix` changes on a bridge, and how `pxe down` puts it back."""

import json
from dataclasses import astuple, dataclass
from pathlib import Path

from bridgekit.host.command import run
from bridgekit.host.files import write
from bridgekit.netboot import addresses, plug
from bridgekit.netboot.files import Home, private_dir

SETTINGS = Path("/sys/class/net")


@dataclass(frozen=True, slots=True)
class Setting:
    """A file of the kernel's, and what is to be in it."""

    path: str
    value: str

    def __str__(self) -> str:
        return f"echo {self.value} > {self.path}"

    def now(self) -> "Setting | None":
        """The same file, with what is in it."""
        file = Path(self.path)
        return Setting(self.path, file.read_text().strip()) if file.exists() else None

    def put(self) -> None:
        """Write it."""
        Path(self.path).write_text(self.value)


@dataclass(frozen=True, slots=True)
class Member:
    """A port in a VLAN, as "pvid untagged" or "" (tagged); None if it is not in it. bridge(8)"""

    port: str
    vlan: int
    how: str | None

    def __str__(self) -> str:
        return f"bridge vlan add dev {self.port} vid {self.vlan} {self.how}"

    def now(self) -> "Member | None":
        """The same port and VLAN, as they are."""
        if addresses.link(self.port) is None:
            return None
        return Member(self.port, self.vlan, plug.vlans(self.port).get(self.vlan))

    def put(self) -> None:
        """Make it so."""
        verb, words = ("del", "") if self.how is None else ("add", self.how)
        run("bridge", "vlan", verb, "dev", self.port, "vid", str(self.vlan), *words.split())


Fix = Setting | Member
KINDS = {kind.__name__: kind for kind in (Setting, Member)}


def setting(bridge: str, name: str, value: str) -> Setting:
    """A setting of a bridge's own."""
    return Setting(str(SETTINGS / bridge / "bridge" / name), value)


def fix(known: tuple[Fix, ...], home: Home) -> None:
    """Do all of them, each time noting first what was there."""
    for one in known:
        if old := one.now():
            _note(home, [*_noted(home), (one, old)])
            one.put()


def take_back(home: Home) -> None:
    """Put back what `fix` found, where nobody has changed it since."""
    for done, old in reversed(_noted(home)):
        if done.now() == done:
            old.put()
    _file(home).unlink(missing_ok=True)


def _file(home: Home) -> Path:
    return home.path.with_name(f"{home.name}.fixed.json")


def _noted(home: Home) -> list[tuple[Fix, Fix]]:
    """Nothing where it can't be read: that must not keep a service from going."""
    if not _file(home).exists():
        return []
    try:
        values = json.loads(_file(home).read_text())
        return [(KINDS[kind](*done), KINDS[kind](*old)) for kind, done, old in values]
    except (ValueError, TypeError, KeyError):
        return []


def _note(home: Home, pairs: list[tuple[Fix, Fix]]) -> None:
    private_dir(home.path.parent)
    values = [(type(done).__name__, astuple(done), astuple(old)) for done, old in pairs]
    write(_file(home), json.dumps(values).encode())
