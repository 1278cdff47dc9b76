"""Finding a container's network namespace by whatever name its user knows it."""

import os
import shutil
from pathlib import Path

from msgspec import Struct

from bridgekit.errors import RefusedError
from bridgekit.pxe import record
from bridgekit.pxe.engines.base import get_engine
from bridgekit.pxe.engines.container import forwards, running_pid

NAMED = Path("/run/netns")


class AttachTarget(Struct, frozen=True):
    """A network namespace as a path; `router` if what runs there forwards for its clients."""

    name: str
    namespace: str
    router: bool = False


def find(container: str, state: Path) -> AttachTarget:
    """Docker's or podman's container, our own service, a namespace of `ip netns`, or a pid."""
    found = _known(container, state) if _is_name(container) else None
    if _is_path(container):
        found = AttachTarget(container, container)
    if not found:
        raise RefusedError(
            f"There is no running container {container!r}: not with docker or podman, not as a "
            "service of bridgekit, not in `ip netns`, not as a process id. Nothing was changed."
        )
    if _same(found.namespace, "/proc/self/ns/net"):
        raise RefusedError(f"{container!r} shares the host's own network. Nothing was changed.")
    return found


def _is_path(word: str) -> bool:
    """Is it a network namespace by its file, like /proc/7/ns/net or /run/netns/web?"""
    path = Path(word)
    return path.is_absolute() and len(os.fsencode(word)) < 4096 and _is_namespace(path)


def _is_name(word: str) -> bool:
    """Can it be one name in a directory? An unset variable leaves an empty word."""
    return word not in ("", ".", "..") and "/" not in word and len(os.fsencode(word)) < 256


def _known(name: str, state: Path) -> AttachTarget | None:
    return _service(name, state) or _container(name) or _namespace(name)


def _service(name: str, state: Path) -> AttachTarget | None:
    service_dir = record.find_by_name(name, state)
    known = record.read(service_dir) if service_dir else None
    if not service_dir or not known:
        return None
    pid = get_engine(known.engine, state).pid(service_dir)
    return AttachTarget(name, f"/proc/{pid}/ns/net", router=True) if pid else None


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
    """No directory, and no file left over without a namespace bound to it."""
    try:
        return path.stat().st_dev == Path("/proc/self/ns/net").stat().st_dev
    except (OSError, ValueError):
        return False


def _same(one: str, other: str) -> bool:
    return os.path.samestat(os.stat(one), os.stat(other))
