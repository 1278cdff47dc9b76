"""The clients' interface: its address, and notifications of changes. rtnetlink(7)."""

import asyncio
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

RTMGRP_LINK, RTMGRP_IPV4_IFADDR = 0x1, 0x10  # linux/rtnetlink.h


@contextmanager
def address_notifications() -> Iterator[socket.socket]:
    """Open a socket that is readable whenever a link or an IPv4 address has changed since."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as notifications:
        notifications.bind((0, RTMGRP_LINK | RTMGRP_IPV4_IFADDR))
        notifications.setblocking(False)
        yield notifications


def address(interface: str, wanted: str | None = None) -> str | None:
    """Return the first global IPv4 address as ADDRESS/LEN, or the wanted one; None without it."""
    argv = ("ip", "-json", "-4", "address", "show", "dev", interface, "up", "scope", "global")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    infos = [info for link in json.loads(done.stdout or "[]") for info in link.get("addr_info", ())]
    addresses = (f"{info['local']}/{info['prefixlen']}" for info in infos)
    return next((one for one in addresses if wanted in (None, one)), None)


def neighbour_mac(client: str) -> str:
    """Return the MAC address of a client's address from the neighbour table; empty if unknown."""
    argv = ("ip", "-json", "neighbour", "show", "to", client)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    entries = [entry for entry in json.loads(done.stdout or "[]") if "lladdr" in entry]
    return str(entries[0]["lladdr"]) if entries else ""


async def wait_for_change(
    interface: str, wanted: str | None, current: str | None, notifications: socket.socket
) -> str | None:
    """Return the interface's address as soon as it differs from `current`."""
    while (new := address(interface, wanted)) == current:
        with suppress(OSError):  # ENOBUFS: some notifications were lost; the next read makes up
            await asyncio.get_running_loop().sock_recv(notifications, 65536)
    return new
