"""Downloads as a boot loader does them, by TFTP or HTTP: measured and summed, not kept."""

import hashlib
import signal
import socket
import struct
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

FILE_SECONDS: Final = 120.0
MAX_FILE_BYTES: Final = 1 << 31
"""No initrd is as large."""
READ_BYTES: Final = 1 << 20
HEAD_BYTES: Final = 1 << 16
TFTP_PORT: Final = 69
TFTP_BLOCK: Final = 512
TFTP_SECONDS: Final = 4.0
RRQ, DATA, ACK, ERROR = 1, 3, 4, 5
"""TFTP's opcodes. RFC 1350."""


class DownloadError(Exception):
    """The file cannot be loaded; the text is the end of a sentence."""


def download(url: str) -> tuple[int, str, bytes]:
    """Return a file's size, its SHA-256 and its beginning.

    Raises:
        DownloadError: The file has no end, or the server refuses it.
        OSError: The server does not answer.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise DownloadError("that is no address of a file")
    is_tftp = parts.scheme == "tftp"
    blocks = _tftp_blocks(parts.hostname, parts.path[1:]) if is_tftp else _http_blocks(url)
    size, checksum, head = 0, hashlib.sha256(), b""
    with _time_limit(FILE_SECONDS):
        for block in blocks:
            size += len(block)
            if size > MAX_FILE_BYTES:
                raise DownloadError(f"it does not end after {MAX_FILE_BYTES >> 20} MiB")
            checksum.update(block)
            head += block[: HEAD_BYTES - len(head)]
    return size, checksum.hexdigest(), head


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt whatever waits after `seconds`: a server may send a byte at a time."""

    def interrupt(*_: object) -> None:
        raise DownloadError(f"it does not end within {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _http_blocks(url: str) -> Iterator[bytes]:
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with without_proxy.open(url, timeout=FILE_SECONDS) as response:
        while block := response.read(READ_BYTES):
            yield block


def _tftp_blocks(server: str, file: str) -> Iterator[bytes]:
    """Yield a file's blocks. RFC 1350."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(TFTP_SECONDS)
        request = struct.pack("!H", RRQ) + file.encode() + b"\0octet\0"
        client.sendto(request, (server, TFTP_PORT))
        block, number = bytes(TFTP_BLOCK), 0
        while len(block) == TFTP_BLOCK:
            packet, source = client.recvfrom(2048)
            opcode, received = struct.unpack_from("!HH", packet)
            if opcode == ERROR:
                raise DownloadError(f"TFTP refuses it: {packet[4:-1].decode(errors='replace')}")
            if opcode == DATA and received == (number + 1) & 0xFFFF:
                block, number = packet[4:], number + 1
                yield block
            client.sendto(struct.pack("!HH", ACK, number & 0xFFFF), source)
