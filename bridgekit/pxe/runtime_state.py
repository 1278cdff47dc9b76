"""What a running service has noted, read through its own root."""

import os
import socket
import stat
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

import msgspec
from msgspec import Struct

from bridgekit.bootserver.timeline import BootEvent
from bridgekit.state.mac import parse_mac

MAX_BYTES = 1 << 24
"""Bytes of one of its files or answers: leases of more machines than there are."""
TIMEOUT = 5.0
HEADERS = ("Content-Type", "Content-Security-Policy", "Cache-Control")


class ServiceLease(Struct, frozen=True):
    """A client's address; `expires` in seconds since 1970, 0 for never."""

    mac: str
    address: str
    name: str
    expires: int


class ClientProgress(Struct, frozen=True, rename={"history": "way", "stalled": "stuck"}):
    """How far a client has come, as the service's /clients says: bootserver/timeline.py.

    `since` and every event's `at` are in seconds since 1970; `stalled` is why it does not go on,
    empty while it does.
    """

    mac: str
    stage: str
    since: float
    history: tuple[BootEvent, ...]
    stalled: str


class HttpAnswer(Struct, frozen=True):
    """What the service answered: HTTP's status, those of its headers that matter, the bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def read_leases(pid: int) -> tuple[ServiceLease, ...]:
    """The addresses that it has given out, from dnsmasq's file."""
    found = (
        _parse_lease(line.split()) for line in _read_text(pid, "var/lib/pxe/leases").splitlines()
    )
    return tuple(lease for lease in found if lease)


def read_other_servers(pid: int) -> str:
    """Which other DHCP server it is silent for; empty while it offers addresses itself."""
    return _read_text(pid, "run/pxe/silent")


def read_simulated_mac(pid: int) -> str:
    """The MAC address of the client that may be pretended; empty while nothing is served."""
    now, before = "run/pxe/simulated-client", "run/pxe/pretended"  # `before`: of version 0.1
    with suppress(ValueError):
        return parse_mac(_read_text(pid, now) or _read_text(pid, before))
    return ""


def read_clients(pid: int) -> tuple[ClientProgress, ...]:
    """Every client and how far it has come, as the service tells on its own socket."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(get(pid, "/clients").body, type=tuple[ClientProgress, ...])
    return ()


def get(pid: int, path: str) -> HttpAnswer:
    """What the service answers to a GET of this path. Raises OSError where it does not."""
    try:
        with closing(_UnixHTTPConnection(pid)) as asking:
            asking.request("GET", path)
            response = asking.getresponse()
            headers = tuple((name, response.getheader(name, "")) for name in HEADERS)
            return HttpAnswer(response.status, headers, response.read(MAX_BYTES))
    except HTTPException as error:
        raise OSError(f"the service's answer is none: {error}") from error


class _UnixHTTPConnection(HTTPConnection):
    """The service's socket, which its own web server asks, too."""

    def __init__(self, pid: int) -> None:
        super().__init__("pxe", timeout=TIMEOUT)
        self._path = f"/proc/{pid}/root/run/pxe/answers.sock"

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _read_text(pid: int, name: str) -> str:
    """A small file of the service's; nothing that it could put there instead is followed."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with suppress(OSError), open(os.open(f"/proc/{pid}/root/{name}", flags), "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file.read(MAX_BYTES).decode(errors="replace")
    return ""


def _parse_lease(words: list[str]) -> ServiceLease | None:
    if len(words) < 4 or not words[0].isdecimal():
        return None
    return ServiceLease(words[1], words[2], "" if words[3] == "*" else words[3], int(words[0]))
