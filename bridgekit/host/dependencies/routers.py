"""Daemons that route by a link: multicast routers and VRRP, from the kernel's lists in proc(5)."""

from collections.abc import Iterator
from pathlib import Path

from bridgekit.host.dependencies.sockets import PROC, holders, lines_of, links_in
from bridgekit.state.link import Dependency

IPPROTO_VRRP = 112
"""Of CARP as well, which ucarp speaks (iana.org, protocol-numbers)."""
VRRP_GROUPS = ("224.0.0.18", "ff02::12")


def find_dependencies(nic: str, proc: Path = PROC) -> Iterator[Dependency]:
    """Yield the multicast routers that have this link, and the programs that speak VRRP on it."""
    for name, what in (("ip_mr_vif", "IPv4"), ("ip6_mr_vif", "IPv6")):
        rows = (line.split() for line in lines_of(proc / "net" / name))  # number Interface Bytes …
        if any(words[1:2] == [nic] for words in rows):
            yield Dependency("multicast-router", f"a multicast router of {what}")
    speaking = frozenset[str]().union(*(links_in(group, proc) for group in VRRP_GROUPS))
    if not speaking or nic in speaking:  # between unicast peers no group tells of the link
        inodes = frozenset(_raw_sockets(IPPROTO_VRRP, proc))
        names = holders(inodes, proc)
        yield from (Dependency("vrrp", names.get(one, "some process")) for one in sorted(inodes))


def _raw_sockets(protocol: int, proc: Path) -> Iterator[int]:
    """Yield the inodes of raw sockets: their protocol stands where others have the local port."""
    for name in ("raw", "raw6"):
        for line in lines_of(proc / "net" / name):
            words = line.split()  # sl local_address rem_address … inode
            if len(words) > 9 and words[1].endswith(f":{protocol:04X}"):
                yield int(words[9])
