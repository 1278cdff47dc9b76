"""The state of a PXE service: from its record, its engine and its own root."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from bridgekit.attach.addresses import link
from bridgekit.errors import PxeError, RefusedError
from bridgekit.pxe import record
from bridgekit.pxe.engines.base import get_engine
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.runtime_state import (
    ClientProgress,
    ServiceLease,
    read_clients,
    read_leases,
    read_other_servers,
)
from bridgekit.pxe.service_target import port_of_service
from bridgekit.pxe.spec import PxeSpec


class PxeStatus(Struct, frozen=True, rename={"other_servers": "rival"}):
    """A service as it is now; `running` is False for one that ended or was never finished.

    `other_servers` names the DHCP servers beside which it offers nothing; empty if there are none.
    `clients` are those that booted lately.
    """

    service: PxeSpec
    engine: str
    name: str
    running: bool
    since: float
    leases: tuple[ServiceLease, ...]
    other_servers: str
    clients: tuple[ClientProgress, ...]


_NONE: tuple[tuple[ServiceLease, ...], str, tuple[ClientProgress, ...]] = ((), "", ())


def status(bridge: str, state: Path) -> PxeStatus | None:
    """Return the bridge's service, None if there is none."""
    service_dir = record.service_dir_of(bridge, state)
    stored = record.read(service_dir)
    if not stored:
        return None
    first_pid = pid(service_dir)
    runs = bool(first_pid and stored.serving and _is_attached(stored.service.bridge, service_dir))
    state_now = (
        (read_leases(first_pid), read_other_servers(first_pid), read_clients(first_pid))
        if first_pid
        else _NONE
    )
    return PxeStatus(
        stored.service, stored.engine, service_dir.name, runs, stored.since, *state_now
    )


def _is_attached(bridge: str, service_dir: ServiceDir) -> bool:
    port = link(port_of_service(service_dir) or "")
    return port is not None and port.controller == bridge


def pid_on_bridge(bridge: str, state: Path) -> int | None:
    """Return the first process of the bridge's service; None if none runs."""
    return pid(record.service_dir_of(bridge, state))


def statuses(state: Path) -> tuple[PxeStatus, ...]:
    """Return all services of the caller's network namespace."""
    stored = (record.read(service_dir) for service_dir in record.service_dirs(state))
    found = (status(item.service.bridge, state) for item in stored if item)
    return tuple(item for item in found if item)


def logs(bridge: str, state: Path, more: bool = False) -> Iterator[str]:
    """Yield each line of the service's log, with `more` also new ones, until it ends."""
    service_dir = record.service_dir_of(bridge, state)
    stored = record.read(service_dir)
    if not stored:
        raise RefusedError(f"there is no PXE service on {bridge}; nothing was changed")
    follow = get_engine(stored.engine, state).follow(service_dir, more)
    with subprocess.Popen(
        follow, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as reader:
        try:
            yield from (line.rstrip("\n") for line in reader.stdout or ())
        except BaseException:
            reader.terminate()
            raise
    if reader.returncode:
        raise PxeError(f"the log of {bridge}'s service cannot be read")


def pid(service_dir: ServiceDir) -> int | None:
    """Return the service's first process by the host's id; None if it does not run."""
    stored = record.read(service_dir)
    if not stored or record.is_stale(stored):
        return None
    return get_engine(stored.engine, service_dir.state).pid(service_dir)
