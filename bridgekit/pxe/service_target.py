"""The network namespace of a PXE service by the service's name, and its port on the bridge."""

from functools import partial
from pathlib import Path

from bridgekit.attach import target
from bridgekit.attach.attach import Find
from bridgekit.attach.port import host_end
from bridgekit.attach.spec import DEFAULT_IFNAME
from bridgekit.attach.target import AttachTarget
from bridgekit.pxe import record
from bridgekit.pxe.engines.base import get_engine
from bridgekit.pxe.files import ServiceDir


def finder(state: Path) -> Find:
    """Return what finds containers as `target.find` does, and first this directory's services."""
    return partial(target.find, find_service=partial(_find_service, state))


def port_of_service(service_dir: ServiceDir) -> str | None:
    """Return the name of the host's end of the service's eth1; None if either is missing."""
    found = _find_service(service_dir.state, service_dir.name)
    port = host_end(found.namespace, DEFAULT_IFNAME) if found else None
    return port.name if port else None


def _find_service(state: Path, name: str) -> AttachTarget | None:
    service_dir = ServiceDir(state, name)
    stored = record.read(service_dir)
    pid = get_engine(stored.engine, state).pid(service_dir) if stored else None
    return AttachTarget(name, f"/proc/{pid}/ns/net", router=True) if pid else None
