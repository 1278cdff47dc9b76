"""Hold sockets bound to eth0 in each way there is, under a name for terminals: listeners.py LLADDR

They stay until the input ends.
"""

import socket
import struct
import sys
from pathlib import Path

index = socket.if_nametoindex("eth0")
Path("/proc/self/comm").write_text("evil\x1b[31m\nname")
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
server.bind(("", 1234))
server.listen()
local = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
local.bind((sys.argv[1], 4321, 0, index))
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
frames.bind(("eth0", 0x0800))
everything = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
everything.bind(("eth0", 0x0003))
group = struct.pack("4s4si", bytes([239, 1, 2, 3]), bytes(4), index)
joined = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
joined.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
group = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("i", index)
local.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
print("ready", flush=True)
sys.stdin.read()
