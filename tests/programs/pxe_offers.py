"""Print the boot file that each kind of firmware is offered, as JSON: pxe_offers.py ARCH...

ARCH is a client architecture (DHCP option 93); -1 is firmware that does not say. One of them is
expected to be offered nothing.
"""

import json
import select
import socket
import sys
import time

from bridgekit.bootserver.dhcp_discovery import ETH_P_ALL, discover_frame, parse_offer

HEADERS = 42  # Ethernet, IPv4, UDP
OPTIONS = HEADERS + 240 + 8
FILE = slice(HEADERS + 108, HEADERS + 236)


def asking(mac: bytes, arch: int) -> bytes:
    """Return the DHCPDISCOVER of a firmware of that architecture."""
    words = bytes((60, 32)) + b"PXEClient:Arch:%05d:UNDI:003000" % max(arch, 0)
    words += bytes((93, 2, 0, arch)) if arch >= 0 else b""
    frame = discover_frame(mac, 7)
    return frame[:OPTIONS] + words + b"\xff" + frame[OPTIONS + len(words) + 1 :]


found: dict[int, str] = {}
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as link:
    link.bind(("eth0", ETH_P_ALL))
    macs = {bytes((2, 0, 0, 0, 9, index)): int(arch) for index, arch in enumerate(sys.argv[1:])}
    for mac, arch in macs.items():
        link.send(asking(mac, arch))
    until = time.monotonic() + 60
    while len(found) < len(macs) - 1 and select.select([link], [], [], until - time.monotonic())[0]:
        frame = link.recv(2048)
        for mac, arch in macs.items():
            if parse_offer(frame, mac, 7):
                found[arch] = frame[FILE].split(b"\0")[0].decode()
print(json.dumps(found))
