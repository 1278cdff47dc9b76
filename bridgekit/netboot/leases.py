"""The addresses that a running service has given out."""

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
    """The leases in dnsmasq's file, read through the service's own root; none if it has none."""
    with suppress(OSError):
        lines = (
            Path(f"/proc/{pid}/root/var/lib/pxe/leases").read_text(errors="replace").splitlines()
        )
        found = (_lease(line.split()) for line in lines)
        return tuple(lease for lease in found if lease)
    return ()


def _lease(words: list[str]) -> Lease | None:
    if len(words) < 4 or not words[0].isdecimal():
        return None
    return Lease(words[1], words[2], "" if words[3] == "*" else words[3], int(words[0]))
