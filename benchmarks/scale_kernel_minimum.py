"""The same move by messages packed by hand, without plan, journal or verification.

    python scale_kernel_minimum.py OLD NEW        move the routes
    python scale_kernel_minimum.py OLD NEW FILE   print those of an `ip route save`, patched

The kernel's own messages are sent back as they were dumped, with the interface patched. Routes that
the kernel made stay.
"""

import socket
import struct
import sys
from collections.abc import Iterator

HEADER = struct.Struct("=IHHII")
HEAD, U32 = struct.Struct("=HH"), struct.Struct("=I")
GETROUTE, NEWROUTE, ERROR, DONE, OIF, MULTIPATH = 26, 24, 2, 3, 4, 9
REQUEST, ACK, REPLACE, CREATE, DUMP = 1, 4, 0x100, 0x400, 0x300
FLAGS_AT = 6
ATTRIBUTES_AT, PROTOCOL_AT, KERNEL_MADE = HEADER.size + 12, HEADER.size + 5, 2
BATCH = 512 << 10
SEND_BUFFER, RECEIVE_BUFFER = (32, 4 << 20), (33, 64 << 20)
CHUNK = 1 << 20

Slots = list[tuple[int, bytes]]
"""Where messages of a size name the interface, and the 8 bytes that end there."""


def slots(message: bytearray) -> Iterator[int]:
    """Yield the offsets at which a message names an interface."""
    at = ATTRIBUTES_AT
    while at + HEAD.size <= len(message):
        length, kind = HEAD.unpack_from(message, at)
        if kind == OIF:
            yield at + HEAD.size
        nexthop = at + HEAD.size
        while kind == MULTIPATH and nexthop < at + length:
            yield nexthop + 4
            nexthop += HEAD.unpack_from(message, nexthop)[0]
        at += (length + 3) & ~3


class Patch:
    """The requests that replace the routes of a dump."""

    def __init__(self, old: int, new: int) -> None:
        self.old, self.new = U32.pack(old), U32.pack(new)
        self.known: dict[int, Slots] = {}

    def __call__(self, data: bytes, flags: int) -> Iterator[bytes | bytearray]:
        """Yield the request for each message that names the old interface."""
        at = 0
        while at + HEADER.size <= len(data):
            size, kind = HEADER.unpack_from(data, at)[:2]
            message = data[at : at + size]
            at += size
            if kind == NEWROUTE and message[PROTOCOL_AT] != KERNEL_MADE and self.old in message:
                yield from self.request(bytearray(message), size, flags)

    def request(self, message: bytearray, size: int, flags: int) -> Iterator[bytearray]:
        """Yield the request, if it does name the interface."""
        known = self.known.get(size, [])
        if not known or any(message[at - 4 : at + 4] != usual for at, usual in known):
            found = [at for at in slots(message) if message[at : at + 4] == self.old]
            known = self.known[size] = [(at, bytes(message[at - 4 : at + 4])) for at in found]
        for at, _ in known:
            message[at : at + 4] = self.new
        if known:
            HEADER.pack_into(message, 0, size, NEWROUTE, flags, 0, 0)
            yield message


def dumped(family: int) -> Iterator[bytes]:
    """Yield the parts of the dump of a family's routes."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as channel:
        channel.setsockopt(socket.SOL_SOCKET, *RECEIVE_BUFFER)
        body = struct.pack("=BBBBBBBBI", family, *[0] * 8)
        size = HEADER.size + len(body)
        channel.send(HEADER.pack(size, GETROUTE, REQUEST | DUMP, 1, 0) + body)
        while HEADER.unpack_from(chunk := channel.recv(CHUNK))[1] != DONE:
            yield chunk


def send(channel: socket.socket, requests: bytearray, last: int) -> None:
    """Send them; the kernel answers the last, and each that it refuses."""
    flags = struct.unpack_from("=H", requests, last + FLAGS_AT)[0]
    struct.pack_into("=H", requests, last + FLAGS_AT, flags | ACK)
    channel.send(requests)
    _, kind, *_ = HEADER.unpack_from(answer := channel.recv(CHUNK))
    code = struct.unpack_from("=i", answer, HEADER.size)[0]
    if kind != ERROR or code:
        raise OSError(-code, "the kernel refused a route")


def move(old: int, new: int) -> None:
    """Send every route over the old interface as one over the new."""
    patch = Patch(old, new)
    messages = [m for f in (2, 10) for c in dumped(f) for m in patch(c, REQUEST | REPLACE | CREATE)]
    requests, last = bytearray(), 0
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as channel:
        channel.setsockopt(socket.SOL_SOCKET, *SEND_BUFFER)
        channel.setsockopt(socket.SOL_SOCKET, *RECEIVE_BUFFER)
        for message in messages:
            if len(requests) + len(message) > BATCH:
                send(channel, requests, last)
                requests = bytearray()
            last = len(requests)
            requests += message
        if requests:
            send(channel, requests, last)


def main(old: str, new: str, *files: str) -> None:
    """Do what the arguments say; an `ip route save` begins with 4 bytes of its own."""
    numbers = (socket.if_nametoindex(old), socket.if_nametoindex(new))
    if not files:
        move(*numbers)
    for name in files:
        with open(name, "rb") as file:
            saved = file.read()
        sys.stdout.buffer.write(saved[:4] + b"".join(Patch(*numbers)(saved[4:], 2)))


if __name__ == "__main__":
    main(*sys.argv[1:])
