"""The runtime state of a service, read through its own root: leases, clients, other servers."""

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
"""Limit of one of its files or answers, far above the leases of any L2 segment."""
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
    """The service's HTTP response: the status, the headers that matter, and the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def read_leases(pid: int) -> tuple[ServiceLease, ...]:
    """Return the leases in dnsmasq's file."""
    found = (
        _parse_lease(line.split()) for line in _read_text(pid, "var/lib/pxe/leases").splitlines()
    )
    return tuple(lease for lease in found if lease)


def read_other_servers(pid: int) -> str:
    """Return which other DHCP servers it yields to; empty while it offers addresses itself."""
    return _read_text(pid, "run/pxe/silent")


def read_simulated_mac(pid: int) -> str:
    """Return the MAC address for simulated clients; empty while nothing is served."""
    now, before = "run/pxe/simulated-client", "run/pxe/pretended"  # `before`: of version 0.1
    with suppress(ValueError):
        return parse_mac(_read_text(pid, now) or _read_text(pid, before))
    return ""


def read_clients(pid: int) -> tuple[ClientProgress, ...]:
    """Return every client and its progress, from the service's own socket."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(get(pid, "/clients").body, type=tuple[ClientProgress, ...])
    return ()


def get(pid: int, path: str) -> HttpAnswer:
    """Return the service's response to a GET of this path. Raises OSError if it does not answer."""
    try:
        with closing(_UnixHTTPConnection(pid)) as asking:
            asking.request("GET", path)
            response = asking.getresponse()
            headers = tuple((name, response.getheader(name, "")) for name in HEADERS)
            return HttpAnswer(response.status, headers, response.read(MAX_BYTES))
    except HTTPException as error:
        raise OSError(f"the service's answer is none: {error}") from error


class _UnixHTTPConnection(HTTPConnection):
    """A connection to the service's Unix socket, as nginx uses it."""

    def __init__(self, pid: int) -> None:
        super().__init__("pxe", timeout=TIMEOUT)
        self._path = f"/proc/{pid}/root/run/pxe/answers.sock"

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _read_text(pid: int, name: str) -> str:
    """Return a small file of the service's; a link or a device in its place is not opened."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with suppress(OSError), open(os.open(f"/proc/{pid}/root/{name}", flags), "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file.read(MAX_BYTES).decode(errors="replace")
    return ""


def _parse_lease(words: list[str]) -> ServiceLease | None:
    if len(words) < 4 or not words[0].isdecimal():
        return None
    return ServiceLease(words[1], words[2], "" if words[3] == "*" else words[3], int(words[0]))
