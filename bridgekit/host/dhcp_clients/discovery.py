"""The DHCP clients that run in this network namespace."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.host.dhcp_clients import arguments, dhcpcd
from bridgekit.state.address import IPV4, Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.system import atomic_file

PROC = Path("/proc")
CONFIGURATION = "/etc/dhcp/dhclient.conf"
NAMESPACES = ("net", "mnt", "pid")
_NAME = re.compile(rf"({'|'.join(arguments.OPTIONS)})$|{dhcpcd.PROGRAM}: ")


Found = tuple[tuple[int, ...], DhcpClient]
"""A client and its processes."""


def clients(link: str, addresses: Iterable[Address]) -> tuple[Found, ...]:
    """Return the clients of this link that can be handed over."""
    ours = [address.ip for address in addresses if address.family == IPV4]
    found = dict.fromkeys(_recognise(argv, link) for _, argv in _processes())
    known = (_completed(client, ours) for client in found if client)
    return tuple((processes_of(client), client) for client in known if client)


def processes_of(client: DhcpClient) -> tuple[int, ...]:
    """Return the processes that are such a client of this link."""
    found = ((pid, _recognise(argv, client.link)) for pid, argv in _processes())
    pids = [pid for pid, one in found if one and one.program == client.program]
    if client.program == dhcpcd.PROGRAM:
        pids = sorted({one for pid in pids for one in dhcpcd.session(pid)})
    return tuple(pids)


def _recognise(argv: tuple[str, ...], link: str) -> DhcpClient | None:
    return dhcpcd.recognise(argv[0], link) or arguments.recognise(argv, link)


def _completed(client: DhcpClient, addresses: list[str]) -> DhcpClient | None:
    """Add what its process does not show; None if that is unknown, or cannot be carried over."""
    if client.program == dhcpcd.PROGRAM:
        words = dhcpcd.words(client.link, processes_of(client))
        leased = dhcpcd.address(client.leases)
        return None if words is None else replace(client, words=words, address=leased)
    if _configured_by_name(client):
        return None
    return replace(client, address=_address(client, addresses))


def _processes() -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the processes of DHCP clients, each with its words.

    Only root's, among our own files and processes: what others run is not started again as root.
    """
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, UnicodeDecodeError):
            argv = (folder / "cmdline").read_bytes().decode().split("\0")[:-1]
            if argv and _NAME.match(Path(argv[0]).name) and _is_ours(folder):
                yield int(folder.name), tuple(argv)


def _is_ours(folder: Path) -> bool:
    status = (folder / "status").read_text()
    return "\nUid:\t0\t0\t0\t0\n" in status and all(
        os.path.samefile(folder / "ns" / kind, PROC / "self/ns" / kind) for kind in NAMESPACES
    )


def _configured_by_name(client: DhcpClient) -> bool:
    """Return whether dhclient's configuration has a part for this link, or cannot be read."""
    if client.program != "dhclient":
        return False
    words = client.words
    path = Path(words[words.index("-cf") + 1] if "-cf" in words else CONFIGURATION)
    try:
        text = re.sub(rb"#.*", b"", atomic_file.read_regular(path))
    except (OSError, BridgekitError):
        return path.exists()
    return f'"{client.link}"'.encode() in text


def _address(client: DhcpClient, addresses: list[str]) -> str:
    """Return the address of the last lease, if the link has it; for udhcpc the first one."""
    if not client.leases:
        return next(iter(addresses), "")
    with contextlib.suppress(OSError, BridgekitError):
        leases = atomic_file.read_regular(Path(client.leases))
        found = re.findall(rb"fixed-address ([0-9.]+);", leases)
        return next((ip for ip in addresses if ip.encode() in found[-1:]), "")
    return ""
