"""Disks that are reached over an interface: network file systems, iSCSI, NBD, NVMe, AoE."""

import re
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from bridgekit.errors import BridgekitError
from bridgekit.netlink.route_lookup import outgoing_index
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state.link import Dependency

Route = Callable[[str], str | None]
"""Returns the link over which an address is reached, None if nobody can tell."""

NETWORK_TYPES = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "ceph", "lustre", "afs", "ocfs2", "gfs2", "orangefs"),
        *("fuse.glusterfs", "fuse.sshfs", "fuse.ceph", "fuse.s3fs", "fuse.davfs", "davfs"),
    }
)
ADDRESS = re.compile(r"\[([\da-fA-F:.]+)\]|(\d+\.\d+\.\d+\.\d+)(?![\w.])|([\da-fA-F:]+)$")
"""At the beginning of a source: [IPv6], IPv4, or nothing but IPv6."""


class Disk(Struct, frozen=True):
    """A disk in words, with its server's address or the link that it names, if known."""

    what: str
    server: str | None = None
    link: str | None = None


def find_dependencies(nic: str, route: Route, root: Path = Path("/")) -> tuple[Dependency, ...]:
    """Return the disks that are reached over the NIC, and those of which that cannot be told."""
    return tuple(
        Dependency("disk", disk.what + why)
        for disk in _disks(root)
        if (why := _over(disk, nic, route))
    )


def _over(disk: Disk, nic: str, route: Route) -> str:
    link = disk.link or (route(disk.server) if disk.server else None)
    if link == nic:
        return f", reached over {nic}" if disk.link else f", reached at {disk.server} over {nic}"
    return "" if link else f", perhaps over {nic}"


def outgoing_link(server: str) -> str | None:
    """Return the link that the kernel routes to this address over; None if nobody can tell.

    Equivalent to: ip route get ADDRESS
    """
    if "%" in server:  # a zone of this host's, which names a link already
        return None
    try:
        with NetlinkSocket() as sock:
            index = outgoing_index(sock, ip_address(server))
        return socket.if_indextoname(index) if index else None
    except (BridgekitError, ValueError, OSError):
        return None


def _disks(root: Path) -> Iterator[Disk]:
    yield from _mounted(root)
    yield from _iscsi(root)
    yield from _block(root)
    yield from _nvme(root)


def _mounted(root: Path) -> Iterator[Disk]:
    """Blanks in a mount point are octal escapes in that file; see proc(5)."""
    for line in _read(root / "proc/self/mounts").splitlines():
        source, point, kind, options = (*line.split(" "), "", "", "", "")[:4]
        chosen = dict(item.partition("=")[::2] for item in options.split(","))
        plan9 = kind == "9p" and chosen.get("trans") in ("tcp", "rdma")
        if kind in NETWORK_TYPES or plan9:
            server = chosen.get("addr") or source.rpartition("@")[2].removeprefix("//")
            yield Disk(f"{point} is {kind} from {source}", _address(server))


def _iscsi(root: Path) -> Iterator[Disk]:
    for folder in sorted((root / "sys/class/iscsi_connection").glob("connection*")):
        server = _read(folder / "address").strip() or _read(folder / "persistent_address").strip()
        yield Disk(f"there is an iSCSI session ({folder.name})", _address(server))


def _block(root: Path) -> Iterator[Disk]:
    """Yield network block devices; the kernel does not tell the server of NBD, RBD or DRBD."""
    for folder in sorted((root / "sys/block").glob("*")):
        if folder.name.startswith("nbd") and (folder / "pid").exists():
            yield Disk(f"{folder.name} is a disk over the network")
        if folder.name.startswith(("rbd", "drbd")):
            yield Disk(f"{folder.name} is a disk over the network")
        for link in _read(folder / "netif").split() if folder.name.startswith("etherd") else ():
            yield Disk(f"{folder.name} is a disk over Ethernet", link=link)


def _nvme(root: Path) -> Iterator[Disk]:
    for folder in sorted((root / "sys/class/nvme").glob("nvme*")):
        if _read(folder / "transport").strip() in ("tcp", "rdma"):
            words = _read(folder / "address").strip().split(",")
            said = dict(word.partition("=")[::2] for word in words)
            what = f"{folder.name} is an NVMe disk over the network"
            yield Disk(what, _address(said.get("traddr", "")), said.get("host_iface"))


def _address(text: str) -> str | None:
    """Return the IP address that a server's name begins with, if it is one."""
    found = ADDRESS.match(text)
    try:
        return str(ip_address(found[found.lastindex or 0])) if found else None
    except ValueError:
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
