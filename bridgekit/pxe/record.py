"""The record of a running service, by which any later call can find it and stop it."""

import re
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.pxe import files
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system import atomic_file
from bridgekit.system.namespaces import current, systemd_manages_us

VERSION = 2
"""Of what is written. Version 1 had the spec as JSON inside a string."""


class ServiceRecord(Struct, frozen=True):
    """A service, its engine, where it runs and since when (seconds since 1970).

    `serving` is set once it serves: a start that did not get so far was never finished.
    """

    service: PxeSpec
    engine: str
    boot: str
    namespace: int
    since: float
    serving: bool = False
    version: int = VERSION


def service_dir_of(bridge: str, state: Path) -> ServiceDir:
    """Return the directory of the service on this bridge of the caller's network namespace."""
    word = re.sub(r"[^A-Za-z0-9_.-]", "_", bridge)
    if word != bridge:
        word += f"-{zlib.crc32(bridge.encode()):08x}"
    return ServiceDir(state, f"bridgekit-pxe-{word}-{_namespace_suffix()}")


def _namespace_suffix() -> str:
    """Return a name of the caller's namespace; that of the host stays the same after a reboot."""
    return "host" if systemd_manages_us() else f"{current().cookie:x}"


def write(spec: PxeSpec, engine: str, service_dir: ServiceDir) -> ServiceRecord:
    """Record a service before anything of it exists."""
    place = current()
    record = ServiceRecord(spec, engine, place.boot, place.cookie, time.time())
    files.private_dir(service_dir.path)
    _save(record, service_dir)
    return record


def mark_serving(service_dir: ServiceDir) -> None:
    """Record that it serves."""
    if current_record := read(service_dir):
        _save(replace(current_record, serving=True), service_dir)


def mark_boot(service_dir: ServiceDir) -> None:
    """Record that it runs in this boot."""
    if current_record := read(service_dir):
        _save(replace(current_record, boot=current().boot), service_dir)


def _save(record: ServiceRecord, service_dir: ServiceDir) -> None:
    text = msgspec.json.format(msgspec.json.encode(record), indent=2)
    atomic_file.write(service_dir.path / "record.json", text + b"\n")


def read(service_dir: ServiceDir) -> ServiceRecord | None:
    """Return the record, None if there is none.

    Raises:
        RefusedError: The record is of a version that this bridgekit does not know.
        BridgekitError: The file is no such record.
    """
    file = service_dir.path / "record.json"
    try:
        values = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        if (version := values.pop("version", 1)) not in (1, VERSION):
            raise _other_version(file, version)
        if isinstance(values.get("service"), str):
            values["service"] = msgspec.json.decode(values["service"])
        return msgspec.convert(values, ServiceRecord)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BridgekitError(
            f"{file} is no record of a PXE service: {error}; remove it if no such service runs"
        ) from error


def _other_version(file: Path, version: object) -> RefusedError:
    return RefusedError(
        f"{file} has version {version}, which another bridgekit wrote; nothing was changed; "
        "stop the service with that one: `bridgekit pxe down`"
    )


def is_stale(record: ServiceRecord) -> bool:
    """Return whether it is from before the last boot, which stopped the service."""
    return record.boot != current().boot


def service_dirs(state: Path) -> Iterator[ServiceDir]:
    """Yield the directories of the caller's namespace that have a record."""
    for path in sorted((state / "pxe").glob(f"*-{_namespace_suffix()}/record.json")):
        yield ServiceDir(state, path.parent.name)
