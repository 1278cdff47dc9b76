"""What a running service has noted, read through its own root."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Lease:
    """A client's address; `expires` in seconds since 1970, 0 for never."""

    mac: str
    address: str
    name: str
    expires: int


def read_leases(pid: int) -> tuple[Lease, ...]:
    """The addresses that it has given out, from dnsmasq's file."""
    found = (_lease(line.split()) for line in _text(pid, "var/lib/pxe/leases").splitlines())
    return tuple(lease for lease in found if lease)


def read_rival(pid: int) -> str:
    """Which other DHCP server it is silent for; empty while it offers addresses itself."""
    return _text(pid, "run/pxe/silent")


def _text(pid: int, name: str) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/root/{name}").read_text(errors="replace")
    return ""


def _lease(words: list[str]) -> Lease | None:
    if len(words) < 4 or not words[0].isdecimal():
        return None
    return Lease(words[1], words[2], "" if words[3] == "*" else words[3], int(words[0]))
