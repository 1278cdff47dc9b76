"""Probe whether a neighbour on the L2 segment answers: the kernel itself asks, by ARP or NDP."""

from ipaddress import ip_address

from bridgekit.netlink import dump, links
from bridgekit.netlink.address_neighbour import NDMSG
from bridgekit.netlink.monitor import NetlinkMonitor
from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.state import nlattr
from bridgekit.uapi.neighbour import (
    NDA_DST,
    NDA_LLADDR,
    NTF_USE,
    NUD_FAILED,
    NUD_PERMANENT,
    NUD_PROBE,
    NUD_REACHABLE,
)
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import RTM_GETNEIGH, RTM_NEWNEIGH
from bridgekit.uapi.socket import AF_INET, AF_INET6


def answers(ip: str, link: str, seconds: float) -> bool:
    """Ask for this address on this link; True if its owner answers in time.

    A known entry is asked again by unicast, so that nothing sent meanwhile has to wait.
    """
    with NetlinkSocket() as sock, NetlinkMonitor() as monitor:
        index = links.index_by_name(sock).get(link)
        if index is None:
            return False
        state, mac = _entry(sock, ip, index)
        if not state & NUD_PERMANENT:
            sock.exchange([_solicit(ip, index, mac)])
            decided = NUD_REACHABLE | NUD_FAILED
            monitor.wait(lambda: bool(_entry(sock, ip, index)[0] & decided), seconds)
            state, _ = _entry(sock, ip, index)
        return bool(state & (NUD_REACHABLE | NUD_PERMANENT))


def wait_for_dad(link: str, seconds: float) -> bool:
    """Wait until duplicate detection is through with the link's IPv6 addresses, if it can be.

    Without a carrier it never is; then nothing is waited for. False if the time is up.
    """
    with NetlinkSocket() as sock, NetlinkMonitor() as monitor:
        found = links.get_link(sock, link)
        if found is None or not found.carrier:
            return True
        names = {found.index: link}
        return monitor.wait(
            lambda: not any(address.tentative for address in dump.addresses(sock, names)),
            seconds,
        )


def _solicit(ip: str, index: int, mac: bytes | None) -> Request:
    address = ip_address(ip)
    family = AF_INET if address.version == 4 else AF_INET6
    state, flags = (NUD_PROBE, 0) if mac else (0, NTF_USE)
    body = NDMSG.pack(family, index, state, flags, 0) + nlattr.pack(NDA_DST, address.packed)
    body += nlattr.pack(NDA_LLADDR, mac) if mac else b""
    return Request(RTM_NEWNEIGH, body, f"neighbour {ip}", NLM_F_CREATE | NLM_F_REPLACE)


def _entry(sock: NetlinkSocket, ip: str, index: int) -> tuple[int, bytes | None]:
    """Return the state bits and the MAC address of the entry; (0, None) if there is none."""
    packed = ip_address(ip).packed
    family = AF_INET if len(packed) == 4 else AF_INET6
    for body in sock.dump(RTM_GETNEIGH, NDMSG.pack(family, 0, 0, 0, 0)):
        found = nlattr.parse(body, NDMSG.size)
        if found.get(NDA_DST) == packed and NDMSG.unpack_from(body)[1] == index:
            return NDMSG.unpack_from(body)[2], found.get(NDA_LLADDR)
    return 0, None
