"""ARP scan: which addresses are in use on an L2 segment. Probes change no ARP table. RFC 5227."""

import select
import socket
import struct
import time
from collections.abc import Iterable
from ipaddress import IPv4Address

from bridgekit.bootserver import dhcp_discovery
from bridgekit.errors import RefusedError

FILTER = ((0x28, 0, 0, 12), (0x15, 0, 1, 0x0806), (0x06, 0, 0, 65535), (0x06, 0, 0, 0))
"""Only ARP, filtered in the kernel: the segment may be busy."""
ARP = struct.Struct("!6s6sHHHBBH6s4s6s4s")
ROUNDS = 2
SECONDS = 0.7  # after each round; a sleeping machine needs the second one


def macs_by_address(nic: str, addresses: Iterable[IPv4Address]) -> dict[IPv4Address, str]:
    """Return the addresses that are in use on `nic`'s L2 segment, with the MAC addresses.

    The host's own are not among them: it does not receive its own probes.
    Equivalent to: arping -D -I NIC ADDRESS

    Raises:
        RefusedError: No probe can be sent.
    """
    wanted = set(addresses)
    macs: dict[IPv4Address, str] = {}
    try:
        with dhcp_discovery.packet_socket(nic, FILTER) as packets:
            mac = dhcp_discovery.interface_mac(packets, nic)
            for _ in range(ROUNDS):
                for address in wanted - macs.keys():
                    packets.send(probe(mac, address))
                _collect_replies(packets, wanted, macs, time.monotonic() + SECONDS)
    except OSError as error:
        raise RefusedError(
            f"cannot send ARP probes on {nic}: {error.strerror}; nothing was changed"
        ) from error
    return macs


def probe(mac: bytes, address: IPv4Address) -> bytes:
    """Return a frame that asks for an address without claiming one."""
    fields = (0x0806, 1, 0x0800, 6, 4, 1)
    return ARP.pack(b"\xff" * 6, mac, *fields, mac, bytes(4), bytes(6), address.packed)


def parse_reply(frame: bytes) -> tuple[IPv4Address, str] | None:
    """Return the sender's address and MAC address; None for a frame that is no ARP for IPv4."""
    if len(frame) < ARP.size:
        return None
    _, _, *fields, sender, address, _, _ = ARP.unpack_from(frame)
    if fields[:-1] != [0x0806, 1, 0x0800, 6, 4] or not any(address):
        return None
    return IPv4Address(address), sender.hex(":")


def _collect_replies(
    packets: socket.socket,
    wanted: set[IPv4Address],
    macs: dict[IPv4Address, str],
    deadline: float,
) -> None:
    """Add the replies until the deadline to `macs`."""
    while (left := deadline - time.monotonic()) > 0:
        if select.select([packets], [], [], left)[0]:
            reply = parse_reply(packets.recv(ARP.size))
            if reply and reply[0] in wanted:
                macs.setdefault(*reply)
