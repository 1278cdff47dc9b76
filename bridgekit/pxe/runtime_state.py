"""What a running service has noted, read through its own root."""

import os
import socket
import stat
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

import msgspec
from msgspec import Struct

from bridgekit.bootserver.timeline import BootedClient
from bridgekit.state.mac import parse_mac

MOST = 1 << 24
"""Bytes of one of its files or answers: leases of more machines than there are."""
SECONDS = 5.0
HEADERS = ("Content-Type", "Content-Security-Policy", "Cache-Control")


class Lease(Struct, frozen=True):
    """A client's address; `expires` in seconds since 1970, 0 for never."""

    mac: str
    address: str
    name: str
    expires: int


class HttpAnswer(Struct, frozen=True):
    """What the service answered: HTTP's status, those of its headers that matter, the bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def read_leases(pid: int) -> tuple[Lease, ...]:
    """The addresses that it has given out, from dnsmasq's file."""
    found = (_lease(line.split()) for line in _text(pid, "var/lib/pxe/leases").splitlines())
    return tuple(lease for lease in found if lease)


def read_rival(pid: int) -> str:
    """Which other DHCP server it is silent for; empty while it offers addresses itself."""
    return _text(pid, "run/pxe/silent")


def read_pretended(pid: int) -> str:
    """The MAC address of the client that may be pretended; empty while nothing is served."""
    with suppress(ValueError):
        return parse_mac(_text(pid, "run/pxe/pretended"))
    return ""


def read_clients(pid: int) -> tuple[BootedClient, ...]:
    """Every client and how far it has come, as the service tells on its own socket."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(ask(pid, "/clients").body, type=tuple[BootedClient, ...])
    return ()


def ask(pid: int, path: str) -> HttpAnswer:
    """What the service answers to a GET of this path. Raises OSError where it does not."""
    try:
        with closing(_Local(pid)) as asking:
            asking.request("GET", path)
            response = asking.getresponse()
            headers = tuple((name, response.getheader(name, "")) for name in HEADERS)
            return HttpAnswer(response.status, headers, response.read(MOST))
    except HTTPException as error:
        raise OSError(f"the service's answer is none: {error}") from error


class _Local(HTTPConnection):
    """The service's socket, which its own web server asks, too."""

    def __init__(self, pid: int) -> None:
        super().__init__("pxe", timeout=SECONDS)
        self._path = f"/proc/{pid}/root/run/pxe/answers.sock"

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _text(pid: int, name: str) -> str:
    """A small file of the service's; nothing that it could put there instead is followed."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with suppress(OSError), open(os.open(f"/proc/{pid}/root/{name}", flags), "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file.read(MOST).decode(errors="replace")
    return ""


def _lease(words: list[str]) -> Lease | None:
    if len(words) < 4 or not words[0].isdecimal():
        return None
    return Lease(words[1], words[2], "" if words[3] == "*" else words[3], int(words[0]))
