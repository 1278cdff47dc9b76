"""Kernel settings below /proc/sys/net of the caller's network namespace."""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from bridgekit.errors import BridgekitError
from bridgekit.state.link import Sysctl

ROOT = Path("/proc/sys")
FRESH = {
    **dict.fromkeys(("net/ipv4/conf", "net/ipv6/conf"), ("all", "default")),
    **dict.fromkeys(("net/ipv4/neigh", "net/ipv6/neigh"), ("default", "lo")),
}
"""What shows a new link's values: `default`; where that is missing, as for neighbour settings in
any network namespace but the first, the loopback, which got them too."""
DERIVED = frozenset({"mc_forwarding", "mtu", "addr_gen_mode", "stable_secret", "bc_forwarding"})
"""Read-only, or set through the link, or secret."""
PER_INTERFACE = re.compile(r"net/ipv[46]/(?:conf|neigh)/(?!\.\.?/)[^/]+/[a-z0-9_]+")
MOST_BYTES = 65536
UNSET = (errno.EIO, errno.ENOENT, errno.EINVAL)


def read_settings(links: tuple[str, ...]) -> tuple[Sysctl, ...]:
    """Return the per-interface settings of these links and of what shows a new link's."""
    return tuple(
        item
        for family, fresh in FRESH.items()
        for name in (*fresh, *links)
        for item in _read(family, name)
    )


def _read(family: str, name: str) -> Iterator[Sysctl]:
    folder = f"{family}/{name}"
    found = os.listdir(ROOT / folder) if (ROOT / folder).is_dir() else ()
    for setting in sorted(found):
        if setting not in DERIVED:
            try:
                yield Sysctl(f"{folder}/{setting}", _text(f"{ROOT}/{folder}/{setting}"))
            except OSError as error:
                if error.errno not in UNSET:
                    raise


def _text(path: str) -> str:
    """There are hundreds of settings: a file object for each would take most of a plan's time."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, MOST_BYTES).decode().strip()
    finally:
        os.close(handle)


def write(key: str, value: str, rolling_back: bool = False) -> None:
    """Write one setting; while rolling back, one of a link that is gone is done already.

    BridgekitError for a key that is no per-interface setting. Equivalent to: sysctl -w KEY=VALUE
    """
    if not PER_INTERFACE.fullmatch(key):
        raise BridgekitError(f"{key!r} is no setting of an interface")
    try:
        (ROOT / key).write_text(value)
    except FileNotFoundError:
        if not rolling_back:
            raise BridgekitError(f"there is no kernel setting {key}") from None
    except OSError as error:
        raise BridgekitError(f"cannot set {key} to {value}: {error.strerror}") from error
