"""Listen on eth0 in four ways; for each line of input, print which of them received anything.

In order: ETH_P_IP frames, frames of all protocols, a multicast group joined on eth0, a socket
bound to eth0.
"""

import socket
import struct
import sys

frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
frames.bind(("eth0", 0x0800))
everything = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
everything.bind(("eth0", 0x0003))
group = struct.pack("4s4si", bytes([239, 1, 2, 3]), bytes(4), socket.if_nametoindex("eth0"))
joined = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
joined.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
joined.bind(("239.1.2.3", 5000))
bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
bound.bind(("192.168.1.4", 5000))


def received(receiver: socket.socket) -> bool:
    """Read all that has come; return whether there was anything."""
    count = 0
    try:
        while True:
            receiver.recv(4096, socket.MSG_DONTWAIT)
            count += 1
    except BlockingIOError:
        return count > 0


print("ready", flush=True)
for _ in sys.stdin:
    print(*map(received, (frames, everything, joined, bound)), flush=True)
