"""Ask name servers whether they resolve, and with which code they answer (RFC 1035)."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from bridgekit.errors import BridgekitError
from bridgekit.system import atomic_file

DNS_PORT = 53
TRY_SECONDS = 2.0
ROOT_SERVERS = bytes.fromhex("010000010000000000000000020001")
"""A question for the name servers (type 2, class 1) of the root, recursion desired."""
MAX_BYTES = 512
RESOLVERS = Path("/etc/resolv.conf")
UPSTREAM = Path("/run/systemd/resolve/resolv.conf")
"""The servers that systemd-resolved asks: its own stub on 127.0.0.53 answers without them, too."""
NOERROR = "NOERROR"
CODES = (NOERROR, "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")


def code_of(server: str) -> str:
    """Return the name of the RCODE with which a server answers: every resolver knows the root's.

    Raises:
        OSError: It does not answer.
        BridgekitError: What came is no answer to our question.
    """
    family = socket.AF_INET if ip_address(server).version == 4 else socket.AF_INET6
    mark = secrets.token_bytes(2)
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(TRY_SECONDS)
        line.connect((server, DNS_PORT))
        line.send(mark + ROOT_SERVERS)
        answer = line.recv(MAX_BYTES)
    if len(answer) < 4 or answer[:2] != mark:
        raise BridgekitError(f"{server} does not answer our question")
    code = answer[3] & 0x0F
    return CODES[code] if code < len(CODES) else f"RCODE{code}"


def servers() -> tuple[str, ...]:
    """Return the servers of resolv.conf(5); those that resolved asks come before its stub.

    One that is named with the link over which it is reached (fe80::1%eth0) does not move.
    """
    named = tuple(_named(RESOLVERS))
    stub = any(ip_address(one).is_loopback for one in named)
    return tuple(dict.fromkeys((*(_named(UPSTREAM) if stub else ()), *named)))


def _named(path: Path) -> Iterator[str]:
    text = b""
    with suppress(BridgekitError):  # without it there is nothing to ask
        text = atomic_file.read(path) or b""
    for line in text.decode(errors="replace").splitlines():
        words = line.split()
        with suppress(ValueError):
            if len(words) > 1 and words[0] == "nameserver" and "%" not in words[1]:
                yield str(ip_address(words[1]))
