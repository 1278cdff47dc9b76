"""Hold a raw socket, and be a multicast router with it if an address is given.

Arguments: PROTOCOL [ADDRESS]. MRT_INIT and MRT_ADD_VIF are those of linux/mroute.h.
"""

import socket
import struct
import sys

protocol, *address = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_RAW, int(protocol)) as sock:
    if address:
        sock.setsockopt(socket.IPPROTO_IP, 200, struct.pack("i", 1))
        vif = struct.pack("HBBI4s4s", 0, 0, 1, 0, socket.inet_aton(address[0]), bytes(4))
        sock.setsockopt(socket.IPPROTO_IP, 202, vif)
    print("ready", flush=True)
    sys.stdin.read()
