"""dhcpcd: several processes, whose titles say which link they look after and hide their arguments.

Those are known if ifup started it, for then the interfaces file has them, or if we did, for then
we left a note of them.
"""

import contextlib
import os
import re
import subprocess
from ipaddress import IPv4Address
from pathlib import Path

from bridgekit.errors import BridgekitError
from bridgekit.state.dhcp_client import LEASES, PID_FILES, DhcpClient
from bridgekit.system import atomic_file
from bridgekit.system.atomic_file import private_opener

PROGRAM = "dhcpcd"
TITLE = re.compile(r"dhcpcd: (?:\[privileged proxy\] )?(\S+) \[ip4\](?: \[ip6\])?")
IFUP = {"hostname": "-h", "vendor": "-i", "client": "-I", "leasetime": "-l", "metric": "-m"}
"""Which option of a stanza of interfaces(5) ifup makes which of dhcpcd's."""
ASK_SECONDS = 10
YIADDR = slice(16, 20)
"""Where a DHCP message, which a lease file is, has the client's address."""


def recognise(title: str, link: str) -> DhcpClient | None:
    """Return the client of this title, if it is this link's alone; without its arguments."""
    matched = TITLE.fullmatch(title)
    if not matched or matched[1] != link:
        return None
    files = PID_FILES[PROGRAM].format(link), LEASES[PROGRAM].format(link)
    return DhcpClient(PROGRAM, link, (), *files)


def words(link: str, pids: tuple[int, ...]) -> tuple[str, ...] | None:
    """Return the arguments of this link's dhcpcd, or None if they are unknown."""
    with contextlib.suppress(OSError, UnicodeDecodeError, BridgekitError):
        first, *noted = atomic_file.read_regular(note(link)).decode().split("\0")[:-1]
        if first in map(str, pids):
            return tuple(noted)
    if _ifquery("--state", link) != f"{link}={link}\n":
        return None
    lines = [line.partition(": ") for line in (_ifquery(link) or "").splitlines()]
    found = [(IFUP[key], value) for key, _, value in lines if key in IFUP]
    by_hand = any(PROGRAM in value for _, _, value in lines)
    if by_hand or len(dict(found)) < len(found):
        return None
    return tuple(word for pair in found for word in pair)


def note(link: str) -> Path:
    """Return the path of the note with the arguments of one that bridgekit has started."""
    return Path(f"/run/bridgekit-{PROGRAM}.{link}")


def leave_note(client: DhcpClient, pids: tuple[int, ...]) -> None:
    """Leave a note of the arguments of a client that we have started, and of its process."""
    place = note(client.link)
    place.unlink(missing_ok=True)
    with open(place, "xb", opener=private_opener) as file:
        file.write("".join(f"{word}\0" for word in (*pids[:1], *client.words)).encode())


def address(leases: str) -> str:
    """Return the address in a lease file, or an empty text."""
    with contextlib.suppress(OSError, ValueError, BridgekitError):
        return str(IPv4Address(atomic_file.read_regular(Path(leases))[YIADDR]))
    return ""


def session(pid: int) -> tuple[int, ...]:
    """Return the processes that belong together with this one."""
    with contextlib.suppress(ProcessLookupError):
        ours = os.getsid(pid)
        numbers = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
        return tuple(one for one in numbers if _session(one) == ours and _is_dhcpcd(one))
    return ()


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return -1


def _is_dhcpcd(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text() == f"{PROGRAM}\n"
    except OSError:
        return False


def _ifquery(*argv: str) -> str | None:
    command = ("ifquery", *argv)
    try:
        done = subprocess.run(
            command, capture_output=True, errors="replace", timeout=ASK_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
