"""Make a link with an address, as a sit tunnel has one, but without Ethernet frames."""

import fcntl
import struct
import sys

TUNSETIFF, TUNSETLINK = 0x400454CA, 0x400454CD  # linux/if_tun.h
IFF_TAP_NO_PI = 0x1002
ARPHRD_SIT = 776
with open("/dev/net/tun", "r+b", buffering=0) as tap:
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", b"tunnel0", IFF_TAP_NO_PI))
    fcntl.ioctl(tap, TUNSETLINK, ARPHRD_SIT)
    print("ready", flush=True)
    sys.stdin.read()
