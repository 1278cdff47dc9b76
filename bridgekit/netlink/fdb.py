"""MAC addresses that a link takes frames for beside its own, because someone told it to.

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


def change(
    sock: NetlinkSocket, macs: Sequence[StaticMac], there: bool, quiet: frozenset[int]
) -> None:
    """Add or remove these addresses; the errnos in `quiet` mean that it is done already."""
    numbers = index_by_name(sock)
    missing = {entry.link for entry in macs} - numbers.keys()
    if missing and not quiet:
        raise BridgekitError(f"there is no interface {', '.join(sorted(missing))} any more")
    here = [entry for entry in macs if entry.link in numbers]
    kind, flags = (RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL) if there else (RTM_DELNEIGH, 0)
    bodies = [_body(entry, numbers[entry.link]) for entry in here if not entry.multicast]
    sock.exchange([Request(kind, body, flags, quiet) for body in bodies])
    for entry in (entry for entry in here if entry.multicast):
        _ioctl(SIOCADDMULTI if there else SIOCDELMULTI, entry, quiet)


def _body(entry: StaticMac, index: int) -> bytes:
    head = NDMSG.pack(AF_BRIDGE, index, NUD_PERMANENT, NTF_SELF, 0)
    return head + nlattr.pack(NDA_LLADDR, bytes.fromhex(entry.mac.replace(":", "")))


def _ioctl(request: int, entry: StaticMac, quiet: frozenset[int]) -> None:
    """Netlink has no word for it; see netdevice(7)."""
    mac = bytes.fromhex(entry.mac.replace(":", ""))
    data = IFREQ.pack(entry.link.encode(errors="surrogateescape"), socket.AF_UNSPEC, mac)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        try:
            fcntl.ioctl(endpoint, request, data)
        except OSError as error:
            if error.errno not in quiet:
                raise
