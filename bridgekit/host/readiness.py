"""Wait for what the kernel does later, in work items of its own."""

from bridgekit.errors import BridgekitError
from bridgekit.netlink import dump, links
from bridgekit.netlink.monitor import NetlinkMonitor
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state.address import Address
from bridgekit.state.link import Link
from bridgekit.uapi.rtnetlink import RTMGRP_IPV6_ROUTE

USABLE_SECONDS = 5.0
"""How long to wait for the kernel's work items; they take milliseconds."""
CARRIER_SECONDS = 10.0
"""How long a NIC may negotiate; with copper it takes some 3 seconds."""


def wait_operational(sock: NetlinkSocket, bridge: Link, port: str) -> None:
    """Wait until a bridge takes what is sent through this port; BridgekitError if it never does.

    Before it is operational, or the port forwards, that is dropped.
    """

    def is_operational() -> bool:
        above, below = links.get_link(sock, bridge.name), links.get_link(sock, port)
        if above is None or below is None or not above.up or not below.carrier:
            return True
        return above.carrier and (below.forwarding or above.bridge is None)

    seconds = USABLE_SECONDS
    if bridge.bridge and bridge.bridge.stp:  # a port listens, then learns, then forwards
        seconds += 2 * bridge.bridge.forward_delay / 100
    with NetlinkMonitor() as monitor:
        if not monitor.wait(is_operational, seconds):
            raise BridgekitError(f"{bridge.name} did not become operational in {seconds:.0f} s")


def wait_carrier(sock: NetlinkSocket, name: str) -> None:
    """Wait for a link's carrier, without which no IPv6 address is usable; it may have no cable."""

    def has_carrier() -> bool:
        link = links.get_link(sock, name)
        return link is None or not link.up or link.carrier

    with NetlinkMonitor() as monitor:
        monitor.wait(has_carrier, CARRIER_SECONDS)


def wait_usable(sock: NetlinkSocket, name: str, proven: list[Address]) -> None:
    """Wait until these addresses can be used; BridgekitError if that takes too long.

    For IPv6 a work item of the kernel clears the tentative flag. The address's route follows a
    moment later (__ipv6_ifa_notify in net/ipv6/addrconf.c).
    """
    waited_for = {address.ip for address in proven}

    def are_usable() -> bool:
        link = links.get_link(sock, name)
        if link is None or not link.up:
            return True
        found = dump.addresses(sock, {link.index: name})
        present = {address.ip: address.tentative for address in found if address.ip in waited_for}
        return not any(present.values()) and present.keys() <= dump.local_ipv6(sock, link.index)

    if waited_for:
        with NetlinkMonitor(RTMGRP_IPV6_ROUTE) as monitor:
            if not monitor.wait(are_usable, USABLE_SECONDS):
                raise BridgekitError(f"the IPv6 addresses of {name} did not become usable")
