"""One running service: start it on its bridge, restore it, remove it. The caller holds the lock."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bridgekit.attach.attach import attach, detach
from bridgekit.attach.spec import parse_spec
from bridgekit.errors import RefusedError
from bridgekit.host.forward_rules import close_if_unused
from bridgekit.pxe import files, record, supervisor
from bridgekit.pxe.diagnose.audit import need_bridge
from bridgekit.pxe.engines.base import get_engine
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.log_wait import wait_for_line
from bridgekit.pxe.service_target import finder
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system import lock
from bridgekit.system.privileges import require_root
from bridgekit.system.progress import Report

SERVE_SECONDS = 120.0  # a slow machine, and one that starts several, take their time


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the lock of all services of this state directory within."""
    require_root()
    with lock.exclusive(files.private_dir(state / "pxe") / "lock"):
        yield


def start(spec: PxeSpec, service_dir: ServiceDir, report: Report) -> None:
    """Start the recorded service, attach it to its bridge, and wait until it serves."""
    stored = record.read(service_dir)
    assert stored
    engine = get_engine(stored.engine, service_dir.state)
    report(f"starting the PXE service with {engine.name} …")
    engine.start(spec, service_dir)
    _attach(spec, service_dir)
    report(wait_for_line(engine.follow(service_dir, more=True), "pxe: serving", SERVE_SECONDS))
    record.mark_serving(service_dir)
    supervisor.start(spec.bridge, service_dir)


def _attach(spec: PxeSpec, service_dir: ServiceDir) -> None:
    attach(
        spec.bridge,
        service_dir.name,
        parse_spec(filter(None, (spec.address, spec.ipv6))),
        find=finder(service_dir.state),
    )


def restore(service_dir: ServiceDir) -> None:
    """Make a service serve again that had been serving."""
    stored = record.read(service_dir)
    if not stored or not stored.serving:
        return
    need_bridge(stored.service.bridge)  # `attach` would make one, and be in the way of ifup
    engine = get_engine(stored.engine, service_dir.state)
    if record.is_stale(stored) or not engine.restarts:
        engine.start_again(stored.service, service_dir)
    _attach(stored.service, service_dir)
    record.mark_boot(service_dir)


def remove(service_dir: ServiceDir) -> None:
    """Stop what a record names and delete the record; succeeds where nothing is left."""
    stored = record.read(service_dir)
    supervisor.stop(service_dir)
    if stored:
        # the kernel takes a dead namespace's links away too, but only some time later
        with suppress(RefusedError):
            detach(stored.service.bridge, service_dir.name, find=finder(service_dir.state))
        get_engine(stored.engine, service_dir.state).stop(service_dir)
        close_if_unused(stored.service.bridge)
    shutil.rmtree(service_dir.path, ignore_errors=True)
