"""Find a container's network namespace by whatever name its user knows it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from bridgekit.attach.container import forwards, running_pid
from bridgekit.errors import RefusedError

NAMED = Path("/run/netns")


class AttachTarget(Struct, frozen=True):
    """A network namespace as a path; `router`: what runs in it forwards for its clients."""

    name: str
    namespace: str
    router: bool = False


FindTarget = Callable[[str], AttachTarget | None]


def find(container: str, find_service: FindTarget = lambda _: None) -> AttachTarget:
    """Find a network namespace by the name that its user knows.

    That is: what `find_service` knows, a container of docker or podman, a namespace of `ip netns`,
    its file, or a process id.

    Raises:
        RefusedError: There is none, or it is the host's own.
    """
    found = _by_name(container, find_service) if _is_name(container) else None
    if _is_path(container):
        found = AttachTarget(container, container)
    if not found:
        raise RefusedError(
            f"there is no running container {container!r}: neither docker, podman, a PXE service, "
            "`ip netns` nor a process has that name; nothing was changed"
        )
    if _same(found.namespace, "/proc/self/ns/net"):
        raise RefusedError(f"{container!r} shares the host's own network; nothing was changed")
    return found


def _is_path(word: str) -> bool:
    """Tell whether it is a namespace's file, like /proc/7/ns/net or /run/netns/web."""
    path = Path(word)
    return path.is_absolute() and len(os.fsencode(word)) < 4096 and _is_namespace(path)


def _is_name(word: str) -> bool:
    """Tell whether it can be a name in a directory; an unset variable leaves an empty word."""
    return word not in ("", ".", "..") and "/" not in word and len(os.fsencode(word)) < 256


def _by_name(name: str, find_service: FindTarget) -> AttachTarget | None:
    return find_service(name) or _container(name) or _namespace(name)


def _container(name: str) -> AttachTarget | None:
    for program in ("docker", "podman"):
        pid = running_pid(program, name) if shutil.which(program) else None
        if pid:
            return AttachTarget(name, f"/proc/{pid}/ns/net", forwards(program, name))
    return None


def _namespace(name: str) -> AttachTarget | None:
    path = Path(f"/proc/{name}/ns/net") if name.isdecimal() else NAMED / name
    return AttachTarget(name, str(path)) if _is_namespace(path) else None


def _is_namespace(path: Path) -> bool:
    """Tell a namespace from a directory, and from a file left over with none bound to it."""
    try:
        return path.stat().st_dev == Path("/proc/self/ns/net").stat().st_dev
    except (OSError, ValueError):
        return False


def _same(one: str, other: str) -> bool:
    return os.path.samestat(os.stat(one), os.stat(other))
