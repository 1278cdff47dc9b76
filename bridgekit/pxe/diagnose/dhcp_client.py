"""A DHCP client that takes a lease on an interface, and releases it. RFC 2131."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from secrets import randbits
from typing import Final

from msgspec import Struct

from bridgekit.bootserver import dhcp_discovery, dhcp_packet
from bridgekit.bootserver.dhcp_packet import DhcpReply, option
from bridgekit.system.process import run

REPLY_SECONDS: Final = 4.0
"""For a reply; a server that pings an address before it offers it takes three."""
FURTHER_SECONDS: Final = 1.0
"""For one more reply after the first: a proxy's, or that of the server it stands beside."""
SUBNET_MASK: Final = 1
PROXY_PORT: Final = 4011
CLIENT_PORT: Final = 68
AFTER_UDP_HEADER: Final = 14 + 20 + 8


class DhcpClientError(Exception):
    """The client got no lease or no boot file; the text is the end of a sentence."""


@contextmanager
def leased(nic: str, options: bytes) -> Iterator[tuple[DhcpReply, DhcpReply]]:
    """Hold an address on the NIC; yield the lease, and the reply that names the boot file.

    Raises:
        DhcpClientError: No server gives an address, or none names a file.
    """
    with dhcp_discovery.packet_socket(nic, dhcp_discovery.DHCP_REPLY_FILTER) as packets:
        mac = dhcp_discovery.interface_mac(packets, nic)
        client = _DhcpClient(packets, mac, randbits(32), options)
        offers = client.exchange(dhcp_packet.DHCPDISCOVER)
        lease = _request(client, offers)
        mask = str(IPv4Address(lease.options.get(SUBNET_MASK, b"\xff\xff\xff\0")))
        run("ip", "address", "add", f"{lease.yiaddr}/{mask}", "dev", nic)
        try:
            yield lease, _find_boot_reply((lease, *offers), client, lease.yiaddr)
        finally:
            run("ip", "address", "flush", "dev", nic, "scope", "global")
            client.release(lease)


def _request(client: "_DhcpClient", offers: tuple[DhcpReply, ...]) -> DhcpReply:
    """Request the first address that is offered, and return the DHCPACK."""
    offer = next((one for one in offers if int(one.yiaddr)), None)
    if not offer:
        raise DhcpClientError("no server offers an address")
    options = option(dhcp_packet.REQUESTED_ADDRESS, offer.yiaddr.packed)
    options += option(dhcp_packet.SERVER_IDENTIFIER, offer.server.packed)
    for reply in client.exchange(dhcp_packet.DHCPREQUEST, options):
        if reply.message_type == dhcp_packet.DHCPACK:
            return reply
    raise DhcpClientError(f"{offer.server} offers {offer.yiaddr} and does not give it")


def _find_boot_reply(
    replies: tuple[DhcpReply, ...], client: "_DhcpClient", address: IPv4Address
) -> DhcpReply:
    """Return the reply that names a file; a proxy may do that on its port 4011 only."""
    if named := next((one for one in replies if one.file), None):
        return named
    for proxy in (one for one in replies if not int(one.yiaddr)):
        for reply in client.exchange_with_proxy(proxy.server, address):
            if reply.file:
                return reply
    raise DhcpClientError("no server names a file to load")


class _DhcpClient(Struct, frozen=True):
    packets: socket.socket
    mac: bytes
    xid: int
    options: bytes

    def exchange(self, message_type: int, options: bytes = b"") -> tuple[DhcpReply, ...]:
        """Broadcast a request and return the replies; repeat it once if there are none."""
        frame = self._frame(message_type, self.options + options)
        for _ in range(2):
            self.packets.send(frame)
            if replies := self._replies(FURTHER_SECONDS):
                return replies
        return ()

    def exchange_with_proxy(
        self, server: IPv4Address, address: IPv4Address
    ) -> tuple[DhcpReply, ...]:
        """Send a request to a proxy's own port; the packet socket receives its reply as well."""
        frame = self._frame(dhcp_packet.DHCPREQUEST, self.options, address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind((str(address), CLIENT_PORT))
            client.sendto(frame[AFTER_UDP_HEADER:], (str(server), PROXY_PORT))
            return self._replies(further_seconds=0)

    def release(self, lease: DhcpReply) -> None:
        """Give the address back."""
        server = option(dhcp_packet.SERVER_IDENTIFIER, lease.server.packed)
        self.packets.send(self._frame(dhcp_packet.DHCPRELEASE, server, lease.yiaddr))

    def _frame(
        self, message_type: int, options: bytes, ciaddr: IPv4Address = dhcp_packet.UNSPECIFIED
    ) -> bytes:
        return dhcp_packet.client_frame(self.mac, self.xid, message_type, options, ciaddr)

    def _replies(self, further_seconds: float) -> tuple[DhcpReply, ...]:
        replies: list[DhcpReply] = []
        deadline = time.monotonic() + REPLY_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.packets], [], [], left)[0]:
                break
            if reply := dhcp_packet.parse_reply(self.packets.recv(65535), self.mac, self.xid):
                replies.append(reply)
                deadline = min(deadline, time.monotonic() + further_seconds)
        return tuple(replies)
