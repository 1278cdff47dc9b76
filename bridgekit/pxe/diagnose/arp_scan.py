"""Whose are these addresses on a wire? ARP probes ask, and change nobody's tables. RFC 5227"""

import select
import socket
import struct
import time
from collections.abc import Iterable
from ipaddress import IPv4Address

from bridgekit.bootserver import dhcp_discovery
from bridgekit.errors import RefusedError

FILTER = ((0x28, 0, 0, 12), (0x15, 0, 1, 0x0806), (0x06, 0, 0, 65535), (0x06, 0, 0, 0))
"""Only ARP, in the kernel already: the wire may be busy."""
ARP = struct.Struct("!6s6sHHHBBH6s4s6s4s")
REPLY = 2
ROUNDS = 2
SECONDS = 0.7  # after each round; a machine that sleeps needs the second one


def macs_by_address(nic: str, addresses: Iterable[IPv4Address]) -> dict[IPv4Address, str]:
    """Those of the addresses that somebody on `nic`'s wire answers for, with the MAC address.

    The host's own are not among them: it does not hear itself. Raises RefusedError where the wire
    can't be asked. Equivalent to: arping -D -I NIC ADDRESS
    """
    wanted = set(addresses)
    found: dict[IPv4Address, str] = {}
    try:
        with dhcp_discovery.packet_socket(nic, FILTER) as wire:
            mac = dhcp_discovery.interface_mac(wire, nic)
            for _ in range(ROUNDS):
                for address in wanted - found.keys():
                    wire.send(probe(mac, address))
                _collect_replies(wire, wanted, found, time.monotonic() + SECONDS)
    except OSError as error:
        raise RefusedError(f"Can't ask {nic}'s wire who is there: {error.strerror}.") from error
    return found


def probe(mac: bytes, address: IPv4Address) -> bytes:
    """The frame that asks for an address without claiming one."""
    kinds = (0x0806, 1, 0x0800, 6, 4, 1)
    return ARP.pack(b"\xff" * 6, mac, *kinds, mac, bytes(4), bytes(6), address.packed)


def parse_reply(frame: bytes) -> tuple[IPv4Address, str] | None:
    """Who answers in this frame: the address and its MAC address; None for any other frame."""
    if len(frame) < ARP.size:
        return None
    _, _, *kinds, sender, address, _, _ = ARP.unpack_from(frame)
    if kinds[:-1] != [0x0806, 1, 0x0800, 6, 4] or not any(address):
        return None
    return IPv4Address(address), sender.hex(":")


def _collect_replies(
    wire: socket.socket, wanted: set[IPv4Address], found: dict[IPv4Address, str], until: float
) -> None:
    """Take what has come, and what comes until then."""
    while (left := until - time.monotonic()) > 0:
        if select.select([wire], [], [], left)[0]:
            answer = parse_reply(wire.recv(ARP.size))
            if answer and answer[0] in wanted:
                found.setdefault(*answer)
