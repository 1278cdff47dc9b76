"""Sockets and multicast groups that are bound to one link: proc(5), packet(7)."""

import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Network, ip_address
from pathlib import Path

from bridgekit.state.link import Dependency
from bridgekit.uapi.device import ETH_P_ALL, ETH_P_LLDP

PROC = Path("/proc")
HEARD_ON_A_PORT = (0, ETH_P_ALL, ETH_P_LLDP)
"""Protocols that a packet socket goes on getting from a port; 0 only sends."""
EVERY_LINK_HAS = frozenset(
    map(ip_address, ("224.0.0.1", "ff01::1", "ff02::1", "ff01::2", "ff02::2", "ff05::2"))
)
"""All hosts; all routers, which the kernel joins where it forwards."""
SOLICITED = IPv6Network("ff02::1:ff00:0/104")


def sockets(bound: Iterable[tuple[str, int]], proc: Path = PROC) -> tuple[Dependency, ...]:
    """Return a dependency for each socket of this name and inode, with who holds it."""
    found = tuple(bound)
    names = holders(frozenset(inode for _, inode in found), proc)
    return tuple(
        Dependency("socket", f"{name} of {names.get(inode, 'some process')}")
        for name, inode in found
    )


def packet_sockets(index: int, proc: Path = PROC) -> tuple[Dependency, ...]:
    """Return the packet sockets of one protocol on this link: a port hands them no frame."""
    found = []
    for line in lines_of(proc / "net/packet"):
        words = line.split()  # sk RefCnt Type Proto Iface R Rmem User Inode
        if len(words) > 8 and words[4] == str(index) and int(words[3], 16) not in HEARD_ON_A_PORT:
            found.append((int(words[3], 16), int(words[8])))
    names = holders(frozenset(inode for _, inode in found), proc)
    return tuple(
        Dependency(
            "packet-socket", f"protocol {protocol:#06x} of {names.get(inode, 'some process')}"
        )
        for protocol, inode in found
    )


def groups(nic: str, proc: Path = PROC) -> tuple[Dependency, ...]:
    """Return the multicast groups that programs joined on this interface."""
    joined = (*_groups4(proc), *_groups6(proc))
    addresses = (ip_address(packed) for name, packed in joined if name == nic)
    return tuple(
        Dependency("multicast", str(address))
        for address in addresses
        if address not in EVERY_LINK_HAS and address not in SOLICITED
    )


def links_in(group: str, proc: Path = PROC) -> frozenset[str]:
    """Return the interfaces on which programs joined this multicast group."""
    packed = ip_address(group).packed
    joined = _groups4(proc) if len(packed) == 4 else _groups6(proc)
    return frozenset(name for name, one in joined if one == packed)


def _groups4(proc: Path) -> Iterator[tuple[str, bytes]]:
    """Yield IPv4 groups: below a link's line they stand as numbers in host byte order."""
    name = ""
    for line in lines_of(proc / "net/igmp"):
        words = line.split()
        if not line[:1].isspace():
            name = words[1].rstrip(":") if len(words) > 1 else ""
        elif words:
            yield name, int(words[0], 16).to_bytes(4, sys.byteorder)


def _groups6(proc: Path) -> Iterator[tuple[str, bytes]]:
    for line in lines_of(proc / "net/igmp6"):
        words = line.split()
        if len(words) > 2:
            yield words[1], bytes.fromhex(words[2])


def lines_of(path: Path) -> list[str]:
    """Return the lines of a list; none where this kernel does not have it."""
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def holders(inodes: frozenset[int], proc: Path = PROC) -> dict[int, str]:
    """Return "name (pid)" of a process for each of these sockets, as far as we may see it."""
    found: dict[int, str] = {}
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    for folder in proc.iterdir() if wanted else ():
        if folder.name.isdigit() and len(found) < len(wanted):
            for inode in _held(folder, wanted):
                found.setdefault(inode, f"{_name(folder)} ({folder.name})")
    return found


def _held(folder: Path, wanted: dict[str, int]) -> Iterator[int]:
    try:
        descriptors = list((folder / "fd").iterdir())
    except OSError:
        return
    for descriptor in descriptors:
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target in wanted:
            yield wanted[target]


def _name(folder: Path) -> str:
    try:
        return (folder / "comm").read_text(errors="replace").rstrip("\n")
    except OSError:
        return "a process that ended"
