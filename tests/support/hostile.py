"""A client that means ill: `python hostile.py SERVER PACKETS SEED` sends so many to a service.

Half are DHCP, four in ten TFTP, the rest HTTP. Prints what came back that should not have, and how
many were sent and answered, as JSON. Needs no module but Python's own.
"""

import json
import random
import select
import socket
import struct
import sys
from collections.abc import Iterator

SECRETS = (b"root:x:0", b"root:*:0", b"PXE_")
PATHS = (
    *("../../etc/passwd", "/etc/passwd", "/srv/tftp/../../etc/passwd", "..%2f..%2fetc/passwd"),
    *(
        "debian/../../../etc/passwd",
        "/proc/self/environ",
        "//etc//passwd",
        "%2e%2e/%2e%2e/etc/passwd",
    ),
    *("....//....//etc/passwd", "site/../../../etc/passwd", "menu/../../../../etc/passwd"),
    *("answers/../../../etc/passwd", "answers/%2e%2e%2fmachines.toml", "clients/../../etc/passwd"),
    *("\\..\\..\\etc\\passwd", "etc/passwd\0.efi", "bootnetx64.efi\0/../../etc/passwd", "." * 600),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PROPFIND", "MKCOL", "CONNECT", "\0")


def dhcp(chance: random.Random) -> bytes:
    """A question whose header is nearly right, with options that are not."""
    mac = bytes((2, 0, *chance.randbytes(4)))
    head = struct.pack(
        "!4BIHH16x", 1, 1, chance.choice((6, 6, 0, 255)), 0, chance.getrandbits(32), 0, 0
    )
    head += mac + bytes(10) + chance.choice((bytes(192), chance.randbytes(192)))
    options = b"\x63\x82\x53\x63" + bytes((53, 1, chance.randrange(20)))
    for _ in range(chance.randrange(12)):
        value = chance.randbytes(chance.randrange(60))
        said = chance.choice((len(value), chance.randrange(256)))  # how long it says it is
        options += bytes((chance.randrange(256), said)) + value
    return spoiled(head + options + chance.choice((b"\xff", b"")), chance)


def tftp(chance: random.Random) -> bytes:
    """A request to read or write, of a file outside the root more often than not."""
    code = chance.choice((1, 1, 1, 1, 2, 3, 4, 5, chance.getrandbits(16)))
    mode = chance.choice((b"octet", b"netascii", b"mail", chance.randbytes(9)))
    more = chance.choice((b"", b"blksize\0" + b"9" * 20 + b"\0", b"windowsize\0-1\0", b"tsize\0"))
    asked = struct.pack("!H", code) + chance.choice(PATHS).encode() + b"\0" + mode + b"\0" + more
    return spoiled(asked, chance)


def http(chance: random.Random) -> bytes:
    line = f"{chance.choice(METHODS)} /{chance.choice(PATHS)} HTTP/1.{chance.randrange(3)}\r\n"
    fields = f"Host: {'x' * chance.choice((1, 10, 9000))}\r\nX-Real-IP: 127.0.0.1\r\n"
    fields += chance.choice(
        ("", "Content-Length: -1\r\n", "Transfer-Encoding: x\r\n", "Range: bytes=-9\r\n")
    )
    return spoiled((line + fields + "\r\n").encode(), chance)


def spoiled(packet: bytes, chance: random.Random) -> bytes:
    """The packet, or the packet cut off, or with a byte that is another."""
    at = chance.randrange(len(packet))
    another = packet[:at] + chance.randbytes(1) + packet[at + 1 :]
    return chance.choice((packet, packet, packet[:at], another))


def by_udp(server: str, port: int, packets: Iterator[bytes]) -> Iterator[bytes]:
    """Send each from a socket that also gets the answers; yield those."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for packet in packets:
            sock.sendto(packet, (server, port))
            yield from waiting(sock, 0)
        yield from waiting(sock, 2)


def waiting(sock: socket.socket, seconds: float) -> Iterator[bytes]:
    while select.select((sock,), (), (), seconds)[0]:
        yield sock.recv(65536)


def by_tcp(server: str, request: bytes) -> bytes:
    """One request on a connection of its own, and all that comes back."""
    with socket.create_connection((server, 80), 10) as sock:
        try:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65536), b""))
        except ConnectionError:
            return b""


def main(server: str, packets: int, seed: int) -> None:
    chance = random.Random(seed)
    questions, files, requests = packets * 5 // 10, packets * 4 // 10, packets // 10
    answers = [
        *by_udp("255.255.255.255", 67, (dhcp(chance) for _ in range(questions))),
        *by_udp(server, 69, (tftp(chance) for _ in range(files))),
        *(by_tcp(server, http(chance)) for _ in range(requests)),
    ]
    leaked = [repr(answer[:200]) for answer in answers if any(one in answer for one in SECRETS)]
    sent = questions + files + requests
    print(json.dumps({"sent": sent, "answered": sum(map(bool, answers)), "leaked": leaked}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
