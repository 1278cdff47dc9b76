"""Which labs there are, and how to remove one whoever made it."""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from bridgekit.errors import RefusedError, UsageError
from bridgekit.lab.host import CONFIG, Host
from bridgekit.system.process import CommandError, run

NAMES: Final = ("host", "gateway", "segment")
REGISTRY: Final = Path("/run/bridgekit-lab")


def namespace(lab: str, host: str) -> str:
    """Return the name of a lab host's network namespace for `ip netns`."""
    return f"{lab}-{host}"


def check_name(lab: str) -> None:
    """Raise UsageError unless the name can be part of a file's name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", lab):
        raise UsageError(f"{lab!r} is no name for a lab: use letters, digits, - _ and .")


def claim(lab: str) -> None:
    """Take the name for a new lab; RefusedError if it is taken or this machine can't have labs."""
    if os.geteuid():
        raise RefusedError("a lab needs root: it makes network namespaces; nothing was changed")
    if not Path("/etc/network").is_dir():
        raise RefusedError("a lab needs the package ifupdown (there is no /etc/network)")
    if alive(lab):
        raise RefusedError(
            f"the lab {lab} is up already; `bridgekit lab down --name {lab}` ends it"
        )
    remove(lab)
    try:
        make_directory(REGISTRY / lab)
    except FileExistsError:
        raise RefusedError(f"the lab {lab} is just being made by another process") from None


def make_directory(path: Path) -> None:
    """Make a directory, and its parent again if another lab's end takes that away meanwhile."""
    while True:
        path.parent.mkdir(mode=0o755, exist_ok=True)
        with suppress(FileNotFoundError):
            path.mkdir(mode=0o700)
            return


def add(lab: str, host: Host) -> None:
    """Note down a host of the lab."""
    (REGISTRY / lab / host.name).symlink_to(str(host.pid))  # there at once, with its content


def registered(lab: str) -> dict[str, Host]:
    """Return the hosts of a lab as noted down, dead ones too."""
    check_name(lab)
    found = {}
    for file in sorted((REGISTRY / lab).glob("*")):
        with suppress(FileNotFoundError):  # another process is just removing this lab
            pid = int(str(file.readlink()))
            found[file.name] = Host(file.name, namespace(lab, file.name), pid)
    return found


def alive(lab: str) -> bool:
    """Tell whether any host of the lab is alive."""
    return any(host.alive() for host in registered(lab).values())


def find_any(lab: str) -> dict[str, Host]:
    """Return the hosts of a lab, dead ones too; RefusedError if there is nothing of that name."""
    hosts = registered(lab)
    if not hosts:
        raise RefusedError(f"there is no lab named {lab}; nothing was changed")
    return hosts


def find(lab: str) -> dict[str, Host]:
    """Return the hosts of a lab that is up; RefusedError if there is none of that name."""
    hosts = registered(lab)
    if not hosts or not all(host.alive() for host in hosts.values()):
        raise RefusedError(
            f"there is no lab named {lab}; `bridgekit lab up --name {lab}` makes one"
        )
    return hosts


def names() -> list[str]:
    """Return the labs that are noted down, dead ones too."""
    return sorted(path.name for path in REGISTRY.glob("*"))


def remove(lab: str) -> None:
    """End and remove whatever there is of a lab, parts left by a killed owner too."""
    for host in registered(lab).values():
        host.end()
    for name in NAMES:
        _forget(namespace(lab, name))
    shutil.rmtree(REGISTRY / lab, ignore_errors=True)
    for directory in (REGISTRY, CONFIG):
        with suppress(OSError):  # not there, or others use it
            directory.rmdir()


def sweep() -> None:
    """Remove labs whose owner was killed; one that is only being made is left alone."""
    for lab in names():
        if not all(host.alive() for host in registered(lab).values()):
            remove(lab)


def _forget(name: str) -> None:
    """Remove the namespace's name and files, and end what was started in it from outside.

    Another process may be doing the same: what counts is that the name is gone.
    """
    file = Path("/run/netns") / name
    if file.exists():
        found = subprocess.run(("ip", "netns", "pids", name), capture_output=True, check=False)
        for pid in found.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        try:
            run("ip", "netns", "delete", name)
        except CommandError:
            if file.exists():
                raise
    shutil.rmtree(CONFIG / name, ignore_errors=True)
