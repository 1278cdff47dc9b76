"""Hold a raw socket, and use it to route multicast or to speak VRRP on a link.

Arguments: PROTOCOL [route ADDRESS|join LINK]. MRT_INIT and MRT_ADD_VIF are those of linux/mroute.h.
"""

import socket
import struct
import sys

MRT_INIT, MRT_ADD_VIF = 200, 202
VRRP = socket.inet_aton("224.0.0.18")

protocol, *use = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_RAW, int(protocol)) as sock:
    match use:
        case ["route", address]:
            sock.setsockopt(socket.IPPROTO_IP, MRT_INIT, struct.pack("i", 1))
            vif = struct.pack("HBBI4s4s", 0, 0, 1, 0, socket.inet_aton(address), bytes(4))
            sock.setsockopt(socket.IPPROTO_IP, MRT_ADD_VIF, vif)
        case ["join", link]:
            membership = struct.pack("4s4si", VRRP, bytes(4), socket.if_nametoindex(link))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    print("ready", flush=True)
    sys.stdin.read()
