"""Health check: the service waits for its interface, or answers over HTTP and TFTP."""

import socket
import struct
from http.client import HTTPConnection

from .server import SERVING

FILE = "menu/bios.ipxe"
SECONDS = 3.0


def find_problem() -> str | None:
    """Return what is wrong as a sentence; None if nothing is."""
    if not SERVING.exists():
        return None
    server = SERVING.read_text()
    try:
        _check_http(server)
        _check_tftp(server)
    except OSError as error:
        return f"no answer from {server}: {error}"
    return None


def _check_http(server: str) -> None:
    connection = HTTPConnection(server, timeout=SECONDS)
    connection.request("HEAD", f"/{FILE}")
    status = connection.getresponse().status
    connection.close()
    if status != 200:
        raise OSError(f"HTTP says {status} of {FILE}")


def _check_tftp(server: str) -> None:
    """Send a read request (RFC 1350): block 1 must come; an error packet ends the transfer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SECONDS)
        sock.sendto(b"\0\1" + FILE.encode() + b"\0octet\0", (server, 69))
        answer, peer = sock.recvfrom(1024)
        sock.sendto(b"\0\5\0\0enough\0", peer)
    if struct.unpack("!H", answer[:2])[0] != 3:
        raise OSError(f"TFTP refuses {FILE}")
