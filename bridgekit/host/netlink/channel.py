"""A route netlink socket that sends many requests at once and pairs answers with them.

See netlink(7), rtnetlink(7). Requests go out in large batches; the kernel answers each one.
"""

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bridgekit.errors import BridgekitError

HEADER = struct.Struct("=IHHII")
ERROR, DONE = 2, 3
REQUEST, MULTI, ACK, DUMP_INTERRUPTED = 0x01, 0x02, 0x04, 0x10
REPLACE, EXCL, CREATE, APPEND = 0x100, 0x200, 0x400, 0x800
DUMP = 0x300
SOL_NETLINK, EXT_ACK, STRICT_CHECK, CAP_ACK = 270, 11, 12, 10
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
SEND_BYTES, RECEIVE_BYTES = 4 << 20, 16 << 20
DUMP_CHUNK = 1 << 20
BATCH, BATCH_BYTES = 256, 128 << 10
"""Requests on the way at once: they must fit the send buffer, their answers the receive buffer."""
DUMP_TRIES = 20
NOTICE_GROUPS = 0x1 | 0x4 | 0x100  # RTMGRP_LINK, RTMGRP_NEIGH, RTMGRP_IPV6_IFADDR
IPV6_ROUTES = 0x400  # RTMGRP_IPV6_ROUTE


class NetlinkError(BridgekitError):
    """The kernel refused a request; `code` is the errno, `request` the refused one's position."""

    def __init__(self, code: int, request: int) -> None:
        self.code, self.request = code, request
        super().__init__(f"the kernel refused: {os.strerror(code)} (request {request})")


@dataclass(frozen=True, slots=True)
class Request:
    """A message to the kernel: RTM_ type, flags beyond REQUEST and ACK, and what follows."""

    type: int
    body: bytes
    flags: int = 0
    quiet: frozenset[int] = frozenset()
    """The errnos that mean that the work is done already."""


class Channel:
    """One netlink socket of the caller's network namespace; close it, or use it with `with`.

    `protocol` is NETLINK_ROUTE unless told otherwise.
    """

    def __init__(self, protocol: int = 0) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, protocol)
        self._sequence = 0
        for option in (EXT_ACK, CAP_ACK, STRICT_CHECK):
            self._socket.setsockopt(SOL_NETLINK, option, 1)
        _enlarge(self._socket)
        self._socket.bind((0, 0))

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Return the bodies of all objects of a kind, read without a change in between.

        Read again when the kernel says that the list changed meanwhile; BridgekitError if it
        never holds still.
        """
        for _ in range(DUMP_TRIES):
            bodies = self._dump_once(kind, body)
            if bodies is not None:
                return bodies
        raise BridgekitError("the kernel's tables change too fast to be read")

    def _dump_once(self, kind: int, body: bytes) -> list[bytes] | None:
        self._send([Request(kind, body, DUMP)])
        bodies: list[bytes] = []
        whole = True
        while True:
            try:
                chunk = self._socket.recv(DUMP_CHUNK)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                whole = False
                continue
            for answer, flags, sequence, at, end in _messages(chunk):
                if sequence != self._sequence:
                    continue
                whole = whole and not flags & DUMP_INTERRUPTED
                if answer in {ERROR, DONE}:
                    code = -struct.unpack_from("=i", chunk, at)[0] if end - at >= 4 else 0
                    if code:
                        raise NetlinkError(code, 0)
                    return bodies if whole else None
                bodies.append(chunk[at:end])

    def ask(self, kind: int, body: bytes) -> bytes | None:
        """Return the body of the answer to a question about one object; None if it is refused."""
        first, answered = self._send([Request(kind, body)]), None
        while True:
            chunk = self._socket.recv(DUMP_CHUNK)
            for answer, _, sequence, at, end in _messages(chunk):
                if sequence == first and answer == ERROR:
                    return answered
                if sequence == first:
                    answered = chunk[at:end]

    def exchange(self, requests: Sequence[Request]) -> None:
        """Send all requests in order; NetlinkError for the first one refused, after all were sent.

        The kernel works through a batch in order and does not stop at a refused request.
        """
        refused: NetlinkError | None = None
        start = 0
        for batch in _batches(requests):
            first = self._send(batch)
            for position, code in self._answers(first, len(batch)):
                if code and code not in batch[position].quiet and refused is None:
                    refused = NetlinkError(code, start + position)
            if refused:
                raise refused
            start += len(batch)

    def _send(self, requests: Sequence[Request]) -> int:
        first, parts = self._sequence + 1, []
        for request in requests:
            self._sequence += 1
            flags = REQUEST | request.flags | (0 if request.flags & DUMP == DUMP else ACK)
            size = HEADER.size + len(request.body)
            parts.append(HEADER.pack(size, request.type, flags, self._sequence, 0) + request.body)
            parts.append(b"\0" * (-size % 4))
        self._socket.send(b"".join(parts))
        return first

    def _answers(self, first: int, count: int) -> Iterator[tuple[int, int]]:
        """Yield (position, errno) for each of the `count` requests sent last."""
        open_requests = count
        while open_requests:
            chunk = self._socket.recv(DUMP_CHUNK)
            for answer, _, sequence, at, _ in _messages(chunk):
                if answer == ERROR and first <= sequence < first + count:
                    open_requests -= 1
                    yield sequence - first, -struct.unpack_from("=i", chunk, at)[0]


class Notices:
    """Hears the kernel tell of changed links, neighbours and IPv6 addresses; use with `with`.

    `more` are further groups of rtnetlink(7).
    """

    def __init__(self, more: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        _enlarge(self._socket)
        self._socket.bind((0, NOTICE_GROUPS | more))

    def __enter__(self) -> "Notices":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def wait(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds, looking again at every notice; False at the deadline."""
        deadline = time.monotonic() + seconds
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return holds()
            self._drain()
        return True

    def _drain(self) -> None:
        """Read what has arrived; an overrun only means that there is a reason to look again."""
        while select.select([self._socket], [], [], 0)[0]:
            try:
                self._socket.recv(DUMP_CHUNK)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise


def _batches(requests: Sequence[Request]) -> Iterator[list[Request]]:
    batch: list[Request] = []
    size = 0
    for request in requests:
        if batch and (len(batch) == BATCH or size + len(request.body) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(request)
        size += len(request.body) + HEADER.size
    if batch:
        yield batch


def _enlarge(endpoint: socket.socket) -> None:
    try:
        endpoint.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, SEND_BYTES)
        endpoint.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BYTES)
    except PermissionError:  # reading needs no privilege; a smaller size then does
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)


def _messages(chunk: bytes) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (type, flags, sequence, start of body, end of body) for each message in a chunk."""
    at = 0
    while at + HEADER.size <= len(chunk):
        length, kind, flags, sequence, _ = HEADER.unpack_from(chunk, at)
        if length < HEADER.size:
            return
        yield kind, flags, sequence, at + HEADER.size, at + length
        at += (length + 3) & ~3
