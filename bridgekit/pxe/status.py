"""How a bridge's PXE service is now: asked of its record, its engine and its own root."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from bridgekit.attach.addresses import link
from bridgekit.attach.attach import port_of
from bridgekit.bootserver.timeline import BootedClient
from bridgekit.errors import PxeError, RefusedError
from bridgekit.pxe import record
from bridgekit.pxe.engines.base import get_engine
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.runtime_state import Lease, read_clients, read_leases, read_rival
from bridgekit.pxe.spec import PxeSpec


class PxeStatus(Struct, frozen=True):
    """A service as it is now; `running` is False for one that ended or was never finished.

    `rival` is another DHCP server, beside which it offers nothing; empty if there is none.
    `clients` are those that booted lately, as the service tells of them: bootserver/timeline.py.
    """

    service: PxeSpec
    engine: str
    name: str
    running: bool
    since: float
    leases: tuple[Lease, ...]
    rival: str
    clients: tuple[BootedClient, ...]


_NONE: tuple[tuple[Lease, ...], str, tuple[BootedClient, ...]] = ((), "", ())


def status(bridge: str, state: Path) -> PxeStatus | None:
    """The bridge's service, None if there is none."""
    home = record.home_of(bridge, state)
    known = record.read(home)
    if not known:
        return None
    first = pid(home)
    runs = bool(first and known.serving and _is_attached(known.service.bridge, home))
    told = (read_leases(first), read_rival(first), read_clients(first)) if first else _NONE
    return PxeStatus(known.service, known.engine, home.name, runs, known.since, *told)


def _is_attached(bridge: str, home: ServiceDir) -> bool:
    port = link(port_of(home.name, state=home.state) or "")
    return port is not None and port.controller == bridge


def process(bridge: str, state: Path) -> int | None:
    """The first process of the bridge's service; None if none runs."""
    return pid(record.home_of(bridge, state))


def statuses(state: Path) -> tuple[PxeStatus, ...]:
    """All services of the caller's network namespace."""
    known = (record.read(home) for home in record.homes(state))
    found = (status(item.service.bridge, state) for item in known if item)
    return tuple(item for item in found if item)


def logs(bridge: str, state: Path, more: bool = False) -> Iterator[str]:
    """Each line of the service's log, with `more` also those still to come, until it ends."""
    home = record.home_of(bridge, state)
    known = record.read(home)
    if not known:
        raise RefusedError(f"There is no PXE service on {bridge}. Nothing was changed.")
    follow = get_engine(known.engine, state).follow(home, more)
    with subprocess.Popen(
        follow, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as reader:
        try:
            yield from (line.rstrip("\n") for line in reader.stdout or ())
        except BaseException:
            reader.terminate()
            raise
    if reader.returncode:
        raise PxeError(f"The log of {bridge}'s service can't be read.")


def pid(home: ServiceDir) -> int | None:
    """The service's first process, as the host numbers it; None if it does not run in this boot."""
    known = record.read(home)
    if not known or record.stale(known):
        return None
    return get_engine(known.engine, home.state).pid(home)
