"""Static MAC addresses: those of forwarding databases, and multicast ones of links.

Multicast ones: `ip maddress`, and in /proc/net/dev_mcast those that count as global. Others:
`bridge fdb … self permanent`; a bridge keeps them among its own entries.
"""

import fcntl
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridgekit.errors import BridgekitError
from bridgekit.netlink.address_neighbour import NDMSG
from bridgekit.netlink.links import index_by_name
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.state import nlattr
from bridgekit.state.link import Link, StaticMac
from bridgekit.uapi.device import SIOCADDMULTI, SIOCDELMULTI
from bridgekit.uapi.neighbour import NDA_LLADDR, NDA_MASTER, NTF_SELF, NUD_PERMANENT
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_EXCL
from bridgekit.uapi.rtnetlink import RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH
from bridgekit.uapi.socket import AF_BRIDGE

IFREQ = struct.Struct("=16sH6s16x")
DEV_MCAST = Path("/proc/thread-self/net/dev_mcast")


def read_static_macs(sock: NetlinkSocket, links: tuple[Link, ...]) -> tuple[StaticMac, ...]:
    """Return the static MAC addresses of all links, without those that other links brought."""
    return (*_multicast(), *_unicast(sock, links))


def _multicast() -> Iterator[StaticMac]:
    """Columns: interface number, its name, users, those of them that are global, address."""
    for line in DEV_MCAST.read_text(errors="surrogateescape").splitlines():
        _, name, _, by_hand, digits = line.split()
        if int(by_hand) and len(digits) == 12:
            yield StaticMac(name, bytes.fromhex(digits).hex(":"))


def _unicast(sock: NetlinkSocket, links: tuple[Link, ...]) -> tuple[StaticMac, ...]:
    numbers = {link.index: link for link in links}
    brought = {(link.lower, link.mac) for link in links if link.lower}
    found: dict[StaticMac, None] = {}
    for body in sock.dump(RTM_GETNEIGH, NDMSG.pack(AF_BRIDGE, 0, 0, 0, 0)):
        _, index, state, flags, _ = NDMSG.unpack_from(body)
        attributes = nlattr.parse(body, NDMSG.size)
        link, mac = numbers.get(index), attributes.get(NDA_LLADDR, b"")
        if link is None or not state & NUD_PERMANENT or len(mac) != 6 or mac[0] & 1:
            continue
        own = flags & NTF_SELF if link.bridge is None else NDA_MASTER in attributes
        entry = StaticMac(link.name, mac.hex(":"))
        if own and entry.mac != link.mac and (link.name, entry.mac) not in brought:
            found[entry] = None
    return tuple(found)


def add_static_macs(
    sock: NetlinkSocket, macs: Sequence[StaticMac], ignore_errnos: frozenset[int]
) -> None:
    """Add these addresses; the errnos are those that mean that one is already there."""
    indices = _indices(sock, macs, bool(ignore_errnos))
    flags = NLM_F_CREATE | NLM_F_EXCL
    unicast = (one for one in macs if _is_unicast(one, indices))
    sock.exchange([_request(RTM_NEWNEIGH, one, indices, flags, ignore_errnos) for one in unicast])
    for entry in macs:
        if entry.multicast and entry.link in indices:
            _ioctl(SIOCADDMULTI, entry, ignore_errnos)


def remove_static_macs(
    sock: NetlinkSocket, macs: Sequence[StaticMac], ignore_errnos: frozenset[int]
) -> None:
    """Remove these addresses; the errnos are those that mean that one is already gone."""
    indices = _indices(sock, macs, bool(ignore_errnos))
    unicast = (one for one in macs if _is_unicast(one, indices))
    sock.exchange([_request(RTM_DELNEIGH, one, indices, 0, ignore_errnos) for one in unicast])
    for entry in macs:
        if entry.multicast and entry.link in indices:
            _ioctl(SIOCDELMULTI, entry, ignore_errnos)


def _indices(
    sock: NetlinkSocket, macs: Sequence[StaticMac], ignore_missing: bool
) -> dict[str, int]:
    indices = index_by_name(sock)
    missing = {entry.link for entry in macs} - indices.keys()
    if missing and not ignore_missing:
        raise BridgekitError(f"there is no interface {', '.join(sorted(missing))} any more")
    return indices


def _is_unicast(entry: StaticMac, indices: dict[str, int]) -> bool:
    return not entry.multicast and entry.link in indices


def _request(
    kind: int, entry: StaticMac, indices: dict[str, int], flags: int, ignore_errnos: frozenset[int]
) -> Request:
    head = NDMSG.pack(AF_BRIDGE, indices[entry.link], NUD_PERMANENT, NTF_SELF, 0)
    body = head + nlattr.pack(NDA_LLADDR, bytes.fromhex(entry.mac.replace(":", "")))
    return Request(kind, body, f"MAC address {entry}", flags, ignore_errnos)


def _ioctl(request: int, entry: StaticMac, ignore_errnos: frozenset[int]) -> None:
    """Netlink has no request for it; see netdevice(7)."""
    mac = bytes.fromhex(entry.mac.replace(":", ""))
    data = IFREQ.pack(entry.link.encode(errors="surrogateescape"), socket.AF_UNSPEC, mac)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        try:
            fcntl.ioctl(endpoint, request, data)
        except OSError as error:
            if error.errno not in ignore_errnos:
                raise NetlinkError(error.errno or 0, f"MAC address {entry}") from error
