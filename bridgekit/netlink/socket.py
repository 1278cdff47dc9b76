"""A route netlink socket that sends many requests at once and pairs answers with them.

See netlink(7), rtnetlink(7). Requests go out in large batches; the kernel answers each one.
"""

import errno
import socket
import struct
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from bridgekit.errors import BridgekitError
from bridgekit.netlink.buffers import DUMP_CHUNK, enlarge_buffers
from bridgekit.netlink.message import NLMSGHDR, DumpConsumer, DumpConsumerT, Payloads, messages
from bridgekit.netlink.refusal import LISTED, NetlinkError, read_error, reason
from bridgekit.state.routes.block import RouteBlock
from bridgekit.uapi.netlink import (
    NETLINK_CAP_ACK,
    NETLINK_EXT_ACK,
    NETLINK_GET_STRICT_CHK,
    NLM_F_ACK,
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLM_F_REQUEST,
    NLMSG_DONE,
    NLMSG_ERROR,
    SOL_NETLINK,
)

FLAGS = struct.Struct("=H")
FLAGS_OFFSET, SEQUENCE_OFFSET = 6, 8
BATCH_REQUESTS, BATCH_BYTES = 256, 128 << 10
"""Requests on the way at once: they must fit the send buffer, their answers the receive buffer."""
BLOCK_BYTES = 512 << 10
"""Likewise, where only those refused are answered."""
DUMP_TRIES = 20
Answer = tuple[int, int, str]
"""The position of a request among those sent last, its errno or 0, and the kernel's own words."""


class Request(Struct, frozen=True):
    """A message to the kernel: RTM_ type, what follows, and flags beyond REQUEST and ACK."""

    type: int
    body: bytes
    what: str | Callable[[], str]
    """Names the object that it is about, for a person."""
    flags: int = 0
    ignore_errnos: frozenset[int] = frozenset()
    """The errnos that mean that the work is done already, or need not be done."""

    def refused(self, code: int, words: str) -> NetlinkError:
        """Return the error for this errno and the kernel's own words."""
        what = self.what if isinstance(self.what, str) else self.what()
        return NetlinkError(code, what, reason(self.type, self.body[0], code, words))


class NetlinkSocket:
    """One netlink socket of the caller's network namespace; close it, or use it with `with`.

    `protocol` is NETLINK_ROUTE by default. A `continue_on_error` one goes on when the
    kernel refuses something, and keeps the first error in `first_error`.
    """

    def __init__(self, protocol: int = 0, continue_on_error: bool = False) -> None:
        self._continue_on_error = continue_on_error
        self.first_error: NetlinkError | None = None
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, protocol)
        self._sequence = 0
        for option in (NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK):
            self._socket.setsockopt(SOL_NETLINK, option, 1)
        enlarge_buffers(self._socket)
        self._socket.bind((0, 0))

    def __enter__(self) -> "NetlinkSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Return the bodies of all objects of a kind, read without a change in between.

        Read again when the kernel says that the list changed meanwhile; BridgekitError if it
        never holds still.
        """
        return self.dump_into(Payloads, kind, body)

    def dump_into(self, make: Callable[[], DumpConsumerT], kind: int, body: bytes) -> DumpConsumerT:
        """Read them into a new consumer, and return it; see `dump`."""
        for _ in range(DUMP_TRIES):
            consumer = make()
            if self._dump_once(kind, body, consumer):
                return consumer
        raise BridgekitError("the kernel's tables change too fast to be read")

    def _dump_once(self, kind: int, body: bytes, consumer: DumpConsumer) -> bool:
        request = Request(kind, body, f"list of {LISTED[kind]}", NLM_F_DUMP)
        self._send([request])
        whole = True
        while True:
            try:
                chunk = self._socket.recv(DUMP_CHUNK)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                whole = False
                continue
            start = consumer.feed(chunk, NLMSGHDR.size) if self._starts_with_dump(chunk) else 0
            for answer, flags, sequence, at, end in messages(chunk, start):
                if sequence != self._sequence:
                    continue
                whole = whole and not flags & NLM_F_DUMP_INTR
                if answer in {NLMSG_ERROR, NLMSG_DONE}:
                    code, words = read_error(chunk[at:end], flags, answer == NLMSG_DONE)
                    if code:
                        raise request.refused(code, words)
                    return whole
                consumer.append(chunk[at:end])

    def _starts_with_dump(self, chunk: bytes) -> bool:
        """Return whether the first message is one of the dump that was requested last."""
        _, answer, flags, sequence, _ = NLMSGHDR.unpack_from(chunk)
        ours = sequence == self._sequence and answer not in {NLMSG_ERROR, NLMSG_DONE}
        return ours and not flags & NLM_F_DUMP_INTR

    def get(self, kind: int, body: bytes, none_if: frozenset[int] | None = None) -> bytes | None:
        """Return the body of the answer to a request for one object.

        None if it is refused with an errno of `none_if`, or any if that is None; else NetlinkError.
        """
        request, answered = Request(kind, body, f"look-up in {LISTED[kind]}"), None
        first = self._send([request])
        while True:
            chunk = self._socket.recv(DUMP_CHUNK)
            for answer, flags, sequence, at, end in messages(chunk):
                if sequence != first:
                    continue
                if answer != NLMSG_ERROR:
                    answered = chunk[at:end]
                    continue
                code, words = read_error(chunk[at:end], flags)
                if code and none_if is not None and code not in none_if:
                    raise request.refused(code, words)
                return answered

    def exchange(self, requests: Sequence[Request]) -> None:
        """Send all requests in order; NetlinkError for the first one refused, after all were sent.

        The kernel works through a batch in order and does not stop at a refused request.
        """
        for batch in _batches(requests):
            answers = list(self._answers(self._send(batch), len(batch)))
            refused = [one for one in answers if one[1] not in {0, *batch[one[0]].ignore_errnos}]
            for position, code, words in refused[:1]:
                self._refuse(batch[position].refused(code, words))

    def _refuse(self, error: NetlinkError) -> None:
        if not self._continue_on_error:
            raise error
        self.first_error = self.first_error or error

    def exchange_block(
        self, kind: int, flags: int, routes: RouteBlock, what: Callable[[bytes], str]
    ) -> None:
        """Send a request for each route; NetlinkError for the first one refused of a batch.

        Only the last of a batch is acknowledged: the kernel answers each that it refuses anyway.
        """
        size = NLMSGHDR.size + len(routes.sample)
        head = NLMSGHDR.pack(size, kind, NLM_F_REQUEST | flags, 0, 0)
        room = min(BLOCK_BYTES, self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2)
        for batch in routes.split(room // size):
            first, count = self._sequence + 1, len(batch)
            data = batch.pack_messages(head)
            numbers = array("I", range(first, first + count)).tobytes()
            for column in range(4):
                data[SEQUENCE_OFFSET + column :: size] = numbers[column::4]
            FLAGS.pack_into(
                data, (count - 1) * size + FLAGS_OFFSET, NLM_F_REQUEST | NLM_F_ACK | flags
            )
            self._sequence += count
            self._socket.send(data)
            refused = [answer for answer in self._refusals(first, count) if answer[1]]
            for position, code, words in refused[:1]:
                message = next(islice(batch.messages(), position, None))
                self._refuse(Request(kind, message, what(message)).refused(code, words))

    def _refusals(self, first: int, count: int) -> Iterator[Answer]:
        """Yield the kernel's answers to those of the requests sent last that it answers."""
        position = -1
        while position < count - 1:
            chunk = self._socket.recv(DUMP_CHUNK)
            for answer, flags, sequence, at, end in messages(chunk):
                if answer == NLMSG_ERROR and first <= sequence < first + count:
                    position = sequence - first
                    yield position, *read_error(chunk[at:end], flags)

    def _send(self, requests: Sequence[Request]) -> int:
        first, parts = self._sequence + 1, []
        for request in requests:
            self._sequence += 1
            flags = (
                NLM_F_REQUEST
                | request.flags
                | (0 if request.flags & NLM_F_DUMP == NLM_F_DUMP else NLM_F_ACK)
            )
            size = NLMSGHDR.size + len(request.body)
            parts.append(NLMSGHDR.pack(size, request.type, flags, self._sequence, 0) + request.body)
            parts.append(b"\0" * (-size % 4))
        self._socket.send(b"".join(parts))
        return first

    def _answers(self, first: int, count: int) -> Iterator[Answer]:
        """Yield the answer to each of the `count` requests sent last."""
        open_requests = count
        while open_requests:
            chunk = self._socket.recv(DUMP_CHUNK)
            for answer, flags, sequence, at, end in messages(chunk):
                if answer == NLMSG_ERROR and first <= sequence < first + count:
                    open_requests -= 1
                    yield sequence - first, *read_error(chunk[at:end], flags)


def _batches(requests: Sequence[Request]) -> Iterator[list[Request]]:
    batch: list[Request] = []
    size = 0
    for request in requests:
        if batch and (len(batch) == BATCH_REQUESTS or size + len(request.body) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(request)
        size += len(request.body) + NLMSGHDR.size
    if batch:
        yield batch
