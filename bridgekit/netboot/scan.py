"""Whose are these addresses on a wire? ARP probes ask, and change nobody's tables. RFC 5227"""

import fcntl
import select
import socket
import struct
import time
from collections.abc import Iterable
from ipaddress import IPv4Address

from bridgekit.errors import Refused

SIOCGIFHWADDR = 0x8927
ETH_P_ALL = 0x0003  # sees a bridge port's frames before the bridge takes them
ARP = struct.Struct("!6s6sHHHBBH6s4s6s4s")
REPLY = 2
ROUNDS = 2
SECONDS = 0.7  # after each round; a machine that sleeps needs the second one


def owners(nic: str, addresses: Iterable[IPv4Address]) -> dict[IPv4Address, str]:
    """Those of the addresses that somebody on `nic`'s wire answers for, with the MAC address.

    The host's own are not among them: it does not hear itself. Raises Refused where the wire
    can't be asked. Equivalent to: arping -D -I NIC ADDRESS
    """
    left = set(addresses)
    found: dict[IPv4Address, str] = {}
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
            wire.bind((nic, ETH_P_ALL))
            mac = fcntl.ioctl(wire, SIOCGIFHWADDR, struct.pack("256s", nic.encode()[:15]))[18:24]
            for _ in range(ROUNDS):
                for address in left - found.keys():
                    wire.send(probe(mac, address))
                    _listen(wire, left, found, time.monotonic())
                _listen(wire, left, found, time.monotonic() + SECONDS)
    except OSError as error:
        raise Refused(f"Can't ask {nic}'s wire who is there: {error.strerror}.") from error
    return found


def probe(mac: bytes, address: IPv4Address) -> bytes:
    """The frame that asks for an address without claiming one."""
    kinds = (0x0806, 1, 0x0800, 6, 4, 1)
    return ARP.pack(b"\xff" * 6, mac, *kinds, mac, bytes(4), bytes(6), address.packed)


def parse(frame: bytes) -> tuple[IPv4Address, str] | None:
    """Who answers in this frame: the address and its MAC address; None for any other frame."""
    if len(frame) < ARP.size:
        return None
    _, _, *kinds, sender, address, _, _ = ARP.unpack_from(frame)
    if kinds[:-1] != [0x0806, 1, 0x0800, 6, 4] or not any(address):
        return None
    return IPv4Address(address), sender.hex(":")


def _listen(
    wire: socket.socket, wanted: set[IPv4Address], found: dict[IPv4Address, str], until: float
) -> None:
    """Take what has come, and what comes until then."""
    while select.select([wire], [], [], max(0.0, until - time.monotonic()))[0]:
        answer = parse(wire.recv(ARP.size))
        if answer and answer[0] in wanted:
            found.setdefault(*answer)
