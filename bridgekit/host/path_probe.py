"""Probe whether frames of a machine on a bridge get out over its NIC.

The host's own traffic cannot tell. A tap device stands for the machine: it is gone with the
process that holds it, however that ends.
"""

import contextlib
import fcntl
import os
import secrets
import select
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from bridgekit.host import forward_rules
from bridgekit.netlink import links
from bridgekit.netlink.links import link_message
from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.state import nlattr
from bridgekit.uapi.device import ETH_P_ALL, ETH_P_IP, IFF_NO_PI, IFF_TAP, TUNSETIFF
from bridgekit.uapi.if_link import IFLA_MASTER, IN6_ADDR_GEN_MODE_NONE
from bridgekit.uapi.rtnetlink import RTM_SETLINK

TUN = Path("/dev/net/tun")
BROADCAST = b"\xff" * 6
DISCARD = 9
"""The UDP port that nobody answers (RFC 863)."""
PASS_SECONDS = 4.0
"""How long a frame may take from a new port of the bridge to the L2 segment."""
REPEAT_SECONDS = 0.2


def forwards_frames(bridge: str, nic: str) -> bool:
    """Return whether frames of a machine on the bridge get out over the NIC with the PXE service.

    That service opens Docker's packet filter for the bridge; so does this, while it probes.
    """
    with NetlinkSocket() as sock:
        link = links.get_link(sock, bridge)
    stp = link.bridge if link and link.bridge and link.bridge.stp else None
    learning = 2 * stp.forward_delay / 100 if stp else 0  # a new port listens and learns first
    with forward_rules.opened(bridge):
        return frame_passes(bridge, nic, PASS_SECONDS + learning)


def frame_passes(bridge: str, nic: str, seconds: float) -> bool:
    """Put a frame in at a temporary port of the bridge; return whether it leaves the NIC in time.

    True where the kernel has no tap devices: then nothing can be said.
    """
    if not TUN.exists():
        return True
    with contextlib.ExitStack() as stack:
        capture = stack.enter_context(_capture(nic))
        tap = stack.enter_context(_port(bridge))
        frame, deadline = _frame(secrets.token_bytes(16)), time.monotonic() + seconds
        while time.monotonic() < deadline:
            os.write(tap, frame)
            if _arrives(capture, frame):
                return True
    return False


@contextlib.contextmanager
def _capture(nic: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as capture:
        capture.bind((nic, ETH_P_ALL))
        yield capture


@contextlib.contextmanager
def _port(bridge: str) -> Iterator[int]:
    handle = os.open(TUN, os.O_RDWR | os.O_CLOEXEC)
    try:
        request = struct.pack("16sH22x", b"bk-probe%d", IFF_TAP | IFF_NO_PI)
        name = fcntl.ioctl(handle, TUNSETIFF, request)[:16].rstrip(b"\0").decode()
        with NetlinkSocket() as sock:
            numbers = links.index_by_name(sock)
            sock.exchange([links.set_addrgenmode(numbers[name], name, IN6_ADDR_GEN_MODE_NONE)])
            body = link_message(
                numbers[name], nlattr.pack_u32(IFLA_MASTER, numbers[bridge]), up=True
            )
            sock.exchange([Request(RTM_SETLINK, body, f"link {name}")])
        yield handle
    finally:
        os.close(handle)


def _arrives(capture: socket.socket, frame: bytes) -> bool:
    deadline = time.monotonic() + REPEAT_SECONDS
    while (left := deadline - time.monotonic()) > 0 and select.select([capture], [], [], left)[0]:
        if capture.recv(len(frame)) == frame:
            return True
    return False


def _frame(mark: bytes) -> bytes:
    """Return a UDP broadcast as of a machine without an address; `mark` is its content."""
    udp = struct.pack("!HHHH", DISCARD, DISCARD, 8 + len(mark), 0) + mark
    head = struct.pack(
        "!BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(udp),
        0,
        0,
        64,
        socket.IPPROTO_UDP,
        0,
        bytes(4),
        b"\xff" * 4,
    )
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + head[12:]
    source = b"\x02" + mark[:5]  # a MAC address of no maker
    return BROADCAST + source + ETH_P_IP.to_bytes(2) + head + udp
