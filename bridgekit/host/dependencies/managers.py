"""Programs of this network namespace that configure a link by themselves.

A manager matters where it runs: one in another network namespace cannot see our NIC.
"""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec import Struct

from bridgekit.errors import BridgekitError
from bridgekit.state.link import Manager
from bridgekit.system import atomic_file

PROC = Path("/proc")
DHCP_CLIENTS = ("dhclient", "dhcpcd", "udhcpc")
HELPER = re.compile(r"dhcpcd: \[(?!manager\])")
"""dhcpcd has titles instead of arguments; this is the title of a process beside the main one."""
NETWORKD_LINKS = Path("/run/systemd/netif/links")
NETWORKMANAGER_DEVICES = Path("/run/NetworkManager/devices")
NETPLAN = (Path("/etc/netplan"), Path("/run/netplan"), Path("/lib/netplan"))


class _Process(Struct, frozen=True):
    pid: int
    program: str
    words: tuple[str, ...]


def find_managers(nic: str, index: int, except_pids: Collection[int] = ()) -> tuple[Manager, ...]:
    """Return the managers of this NIC, each with its evidence.

    `except_pids` are processes that are known already.
    """
    processes = tuple(one for one in _processes_here() if one.pid not in except_pids)
    return tuple(
        manager
        for manager in (*_dhcp_clients(nic, processes), *_managers(nic, index, processes))
        if manager is not None
    )


def _processes_here() -> Iterator[_Process]:
    """Yield the processes of our network namespace; those that end meanwhile are left out."""
    ours = os.stat("/proc/self/ns/net").st_ino
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if os.stat(folder / "ns/net").st_ino != ours:
                continue
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if HELPER.match(words[0]):
                continue
            words = words[0].split() if words[0].startswith("dhcpcd: ") else words
            program = (folder / "comm").read_text(errors="replace").strip()
        except OSError:
            continue
        yield _Process(int(folder.name), program, tuple(words))


def _runs(program: str, process: _Process) -> bool:
    """Return whether the process is of this program; the kernel cuts names at 15 bytes."""
    return program[:15] == process.program or Path(process.words[0]).name == program


def _dhcp_clients(nic: str, processes: tuple[_Process, ...]) -> Iterator[Manager]:
    """Yield DHCP clients of the NIC; dhcpcd without a link's name takes all of them."""
    for process in processes:
        for program in DHCP_CLIENTS:
            named = nic in process.words
            everything = program == "dhcpcd" and not _names_another(process.words[1:])
            if _runs(program, process) and (named or everything):
                yield Manager(program, f"process {process.pid}")


def _names_another(words: tuple[str, ...]) -> bool:
    return any(Path("/sys/class/net", word).exists() for word in words if word and "/" not in word)


def _managers(nic: str, index: int, processes: tuple[_Process, ...]) -> Iterator[Manager]:
    def running(program: str) -> bool:
        return any(_runs(program, process) for process in processes)

    file = _netplan(nic)
    link = NETWORKD_LINKS / str(index)
    managed = _has(link, "ADMIN_STATE=") and not _has(link, "ADMIN_STATE=unmanaged")
    if running("systemd-networkd") and managed:
        yield Manager("netplan", str(file)) if file else Manager("networkd", str(link))
    device = NETWORKMANAGER_DEVICES / str(index)
    if running("NetworkManager") and not _has(device, "managed=false"):
        yield Manager("NetworkManager", str(file or device))


def _has(path: Path, text: str) -> bool:
    """Return whether a line of the file, but for blanks and quotes, begins with this text."""
    try:
        lines = atomic_file.read_regular(path).decode(errors="replace").splitlines()
    except (OSError, BridgekitError):
        return False
    return any(re.sub(r"[\s\"']", "", line).startswith(text) for line in lines)


def _netplan(nic: str) -> Path | None:
    """Return the netplan file that names the NIC."""
    files = (path for folder in NETPLAN for path in sorted(folder.glob("*.yaml")))
    return next((path for path in files if _has(path, f"{nic}:")), None)
