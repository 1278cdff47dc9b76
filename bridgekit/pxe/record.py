"""What is noted about a running service, so that any later call can find it and end it."""

import json
import re
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from bridgekit.errors import BridgekitError
from bridgekit.pxe import files
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system import atomic_file as host_files
from bridgekit.system.namespaces import current, systemd_manages_us


class ServiceRecord(Struct, frozen=True):
    """A service, its engine, where it runs and since when (seconds since 1970).

    `serving` from the moment it has said so: what is not was never finished.
    """

    service: PxeSpec
    engine: str
    boot: str
    namespace: int
    since: float
    serving: bool = False


def home_of(bridge: str, state: Path) -> ServiceDir:
    """The place of the service on this bridge of the caller's network namespace."""
    word = re.sub(r"[^A-Za-z0-9_.-]", "_", bridge)
    if word != bridge:
        word += f"-{zlib.crc32(bridge.encode()):08x}"
    return ServiceDir(state, f"bridgekit-pxe-{word}-{_namespace_word()}")


def _namespace_word() -> str:
    """The caller's namespace; a host's own has the same word after a reboot."""
    return "host" if systemd_manages_us() else f"{current().cookie:x}"


def write(service: PxeSpec, engine: str, home: ServiceDir) -> ServiceRecord:
    """Note a service before anything of it exists."""
    place = current()
    record = ServiceRecord(service, engine, place.boot, place.cookie, time.time())
    files.private_dir(home.path)
    _keep(record, home)
    return record


def write_serving(home: ServiceDir) -> None:
    """Note that it serves."""
    known = read(home)
    if known:
        _keep(replace(known, serving=True), home)


def write_boot(home: ServiceDir) -> None:
    """Note that it runs in this boot."""
    known = read(home)
    if known:
        _keep(replace(known, boot=current().boot), home)


def _keep(record: ServiceRecord, home: ServiceDir) -> None:
    values = asdict(record) | {"service": record.service.to_json(), "version": 1}
    host_files.write(home.path / "record.json", json.dumps(values, indent=2).encode() + b"\n")


def read(home: ServiceDir) -> ServiceRecord | None:
    """The note, None if there is none; BridgekitError if it cannot be read."""
    file = home.path / "record.json"
    try:
        values = json.loads(file.read_text())
        values.pop("version")
        return ServiceRecord(**values | {"service": PxeSpec.from_json(values["service"])})
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BridgekitError(
            f"{file} is no note of a PXE service: {error}; remove it if no such service runs"
        ) from None


def stale(record: ServiceRecord) -> bool:
    """Was it written before the last boot, which has ended the service?"""
    return record.boot != current().boot


def homes(state: Path) -> Iterator[ServiceDir]:
    """The homes of the caller's namespace that have a record."""
    for path in sorted((state / "pxe").glob(f"*-{_namespace_word()}/record.json")):
        yield ServiceDir(state, path.parent.name)


def by_name(name: str, state: Path) -> ServiceDir | None:
    """The home of a service known by its full name."""
    home = ServiceDir(state, name)
    return home if "/" not in name and read(home) else None
