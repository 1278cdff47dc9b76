"""The clients' interface: its address now, and the wait for another one. rtnetlink(7)"""

import asyncio
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

RTMGRP_LINK, RTMGRP_IPV4_IFADDR = 0x1, 0x10  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR


@contextmanager
def address_notifications() -> Iterator[socket.socket]:
    """A socket that can be read whenever a link or an address has changed, from now on."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as found:
        found.bind((0, RTMGRP_LINK | RTMGRP_IPV4_IFADDR))
        found.setblocking(False)
        yield found


def address(nic: str, wanted: str | None = None) -> str | None:
    """The interface's first global IPv4 address as ADDRESS/LEN, or the wanted one; else None."""
    argv = ("ip", "-json", "-4", "address", "show", "dev", nic, "up", "scope", "global")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = [info for link in json.loads(done.stdout or "[]") for info in link.get("addr_info", ())]
    own = (f"{info['local']}/{info['prefixlen']}" for info in found)
    return next((one for one in own if wanted in (None, one)), None)


def neighbour_mac(client: str) -> str:
    """The MAC address of a client's address, as the kernel knows its neighbours; or empty."""
    argv = ("ip", "-json", "neighbour", "show", "to", client)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = [entry["lladdr"] for entry in json.loads(done.stdout or "[]") if "lladdr" in entry]
    return found[0] if found else ""


async def wait_for_change(
    nic: str, wanted: str | None, known: str | None, heard: socket.socket
) -> str | None:
    """Return the interface's address as soon as it is not `known` any more."""
    while (found := address(nic, wanted)) == known:
        with suppress(OSError):  # ENOBUFS: some notices were lost, which the next look makes good
            await asyncio.get_running_loop().sock_recv(heard, 65536)
    return found
