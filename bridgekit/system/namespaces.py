"""Which network namespace of which boot a process is in, and whether systemd manages it."""

import os
import socket
from pathlib import Path

from msgspec import Struct

SO_NETNS_COOKIE = 71
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SYSTEMD = Path("/run/systemd/system")
NAMESPACES = ("net", "mnt", "pid")


class NamespaceId(Struct, frozen=True, rename={"cookie": "namespace"}):
    """A boot and a network namespace; `permanent` for one that each boot makes again."""

    boot: str
    cookie: int
    permanent: bool

    def same_namespace(self, other: "NamespaceId") -> bool:
        """Return whether it is this namespace, or the one that a reboot has made in its stead."""
        if self.boot == other.boot:
            return self.cookie == other.cookie
        return self.permanent and other.permanent


def current() -> NamespaceId:
    """Return the caller's namespace. SO_NETNS_COOKIE is never used twice in a boot."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        try:
            value = endpoint.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)
            cookie = int.from_bytes(value, "little")
        except OSError:  # kernels before 5.14
            cookie = os.stat("/proc/self/ns/net").st_ino
    return NamespaceId(BOOT_ID.read_text().strip(), cookie, _is_first_process_namespace())


def systemd_manages_us() -> bool:
    """Return whether systemd runs here, in our namespaces: else its units act on another host."""
    return SYSTEMD.is_dir() and all(
        os.path.samefile(f"/proc/self/ns/{kind}", f"/proc/1/ns/{kind}") for kind in NAMESPACES
    )


def _is_first_process_namespace() -> bool:
    try:
        return os.path.samefile("/proc/self/ns/net", "/proc/1/ns/net")
    except PermissionError:  # not root: then no transaction depends on the answer
        return False
