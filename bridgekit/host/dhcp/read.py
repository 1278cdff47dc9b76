"""The DHCP clients that run here."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from bridgekit.host.dhcp.words import OPTIONS, understood
from bridgekit.model.addresses import IPV4, Address
from bridgekit.model.dhcp import DhcpClient

PROC = Path("/proc")
CONFIGURATION = "/etc/dhcp/dhclient.conf"
NAMESPACES = ("net", "mnt", "pid")


def clients(link: str, addresses: Iterable[Address]) -> tuple[tuple[int, DhcpClient], ...]:
    """Return the clients of this link that can be handed over, each with its process."""
    ours = [address.ip for address in addresses if address.family == IPV4]
    found = ((pid, understood(argv, link)) for pid, argv in _processes())
    return tuple(
        (pid, replace(client, address=_address(client, ours)))
        for pid, client in found
        if client and not _configured_by_name(client)
    )


def processes_of(client: DhcpClient) -> tuple[int, ...]:
    """Return the processes that are such a client of this link."""
    found = ((pid, understood(argv, client.link)) for pid, argv in _processes())
    return tuple(pid for pid, one in found if one and one.program == client.program)


def _processes() -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the processes of DHCP clients, each with its words.

    Only root's, among our own files and processes: what others run is not started again as root.
    """
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, UnicodeDecodeError):
            argv = (folder / "cmdline").read_bytes().decode().split("\0")[:-1]
            if argv and Path(argv[0]).name in OPTIONS and _is_ours(folder):
                yield int(folder.name), tuple(argv)


def _is_ours(folder: Path) -> bool:
    status = (folder / "status").read_text()
    return "\nUid:\t0\t0\t0\t0\n" in status and all(
        os.path.samefile(folder / "ns" / kind, PROC / "self/ns" / kind) for kind in NAMESPACES
    )


def _configured_by_name(client: DhcpClient) -> bool:
    """Does dhclient's configuration have a part for this link, or can it not be read?"""
    if client.program != "dhclient":
        return False
    words = client.words
    path = Path(words[words.index("-cf") + 1] if "-cf" in words else CONFIGURATION)
    try:
        text = re.sub(rb"#.*", b"", path.read_bytes())
    except OSError:
        return path.exists()
    return f'"{client.link}"'.encode() in text


def _address(client: DhcpClient, addresses: list[str]) -> str:
    """That of the last lease, if the link has it; udhcpc's script sets the first one."""
    if not client.leases:
        return next(iter(addresses), "")
    with contextlib.suppress(OSError):
        found = re.findall(rb"fixed-address ([0-9.]+);", Path(client.leases).read_bytes())
        return next((ip for ip in addresses if ip.encode() in found[-1:]), "")
    return ""
