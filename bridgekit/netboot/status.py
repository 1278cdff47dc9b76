"""How a bridge's PXE service is now: asked of its record, its engine and its own root."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bridgekit.assets.pxe.bootserver.timeline import Client
from bridgekit.errors import Refused
from bridgekit.netboot import record
from bridgekit.netboot.addresses import link
from bridgekit.netboot.attach import port_of
from bridgekit.netboot.engine import engine
from bridgekit.netboot.files import Home
from bridgekit.netboot.noted import Lease, read_clients, read_leases, read_rival
from bridgekit.netboot.service import Service


@dataclass(frozen=True, slots=True)
class PxeStatus:
    """A service as it is now; `running` is False for one that ended or was never finished.

    `rival` is another DHCP server, beside which it offers nothing; empty if there is none.
    `clients` are those that booted lately, as the service tells of them: bootserver/timeline.py.
    """

    service: Service
    engine: str
    name: str
    running: bool
    since: float
    leases: tuple[Lease, ...]
    rival: str
    clients: tuple[Client, ...]


_NONE: tuple[tuple[Lease, ...], str, tuple[Client, ...]] = ((), "", ())


def status(bridge: str, state: Path) -> PxeStatus | None:
    """The bridge's service, None if there is none."""
    home = record.home_of(bridge, state)
    known = record.read(home)
    if not known:
        return None
    process = pid(home)
    runs = bool(process and known.serving and _is_attached(known.service.bridge, home))
    told = (read_leases(process), read_rival(process), read_clients(process)) if process else _NONE
    return PxeStatus(known.service, known.engine, home.name, runs, known.since, *told)


def _is_attached(bridge: str, home: Home) -> bool:
    port = link(port_of(home.name, state=home.state) or "")
    return port is not None and port.controller == bridge


def root(bridge: str, state: Path) -> Path | None:
    """The root directory of the bridge's service, as the host sees it; None if none runs."""
    process = pid(record.home_of(bridge, state))
    return Path(f"/proc/{process}/root") if process else None


def statuses(state: Path) -> tuple[PxeStatus, ...]:
    """All services of the caller's network namespace."""
    known = (record.read(home) for home in record.homes(state))
    found = (status(item.service.bridge, state) for item in known if item)
    return tuple(item for item in found if item)


def logs(bridge: str, state: Path, more: bool = False) -> int:
    """Print the service's log, with `more` also what is still to come; return its exit code."""
    home = record.home_of(bridge, state)
    known = record.read(home)
    if not known:
        raise Refused(f"There is no PXE service on {bridge}. Nothing was changed.")
    return subprocess.run(engine(known.engine, state).follow(home, more), check=False).returncode


def pid(home: Home) -> int | None:
    """The service's first process, as the host numbers it; None if it does not run in this boot."""
    known = record.read(home)
    if not known or record.stale(known):
        return None
    return engine(known.engine, home.state).pid(home)
