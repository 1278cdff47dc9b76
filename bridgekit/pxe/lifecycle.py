"""The life cycle of a PXE service: build, prepare, start, stop."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from bridgekit.attach.attach import attach, detach
from bridgekit.attach.spec import parse_spec
from bridgekit.errors import BridgekitError, PxeError, RefusedError
from bridgekit.host.forward_rules import close_if_unused
from bridgekit.pxe import files, record, sources, supervisor
from bridgekit.pxe.diagnose import fixes
from bridgekit.pxe.diagnose.audit import check_host, need_bridge, need_root
from bridgekit.pxe.diagnose.fixes import Fix
from bridgekit.pxe.engines.base import choose_engine, get_engine
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.log_wait import wait_for_line
from bridgekit.pxe.preview import render
from bridgekit.pxe.resolve import resolve
from bridgekit.pxe.spec import PxeSpec
from bridgekit.pxe.status import pid, status, statuses
from bridgekit.system import lock
from bridgekit.system.process import run
from bridgekit.system.progress import Say, to_stderr

SERVE_SECONDS = 120.0  # a slow machine, and one that starts several, take their time
ANY_MAC = "00:00:00:00:00:00"


def build(spec: PxeSpec, state: Path, say: Say = to_stderr, *, fresh: bool = False) -> str:
    """Build the image or root file system if it is missing; return its name or path.

    With `spec.image` our own image gets that name as well; `fresh` makes it of today's packages.
    """
    need_root()
    if fresh and (running := [one for one in statuses(state) if one.running]):
        raise RefusedError(
            f"a PXE service runs on {running[0].service.bridge}; nothing was changed; "
            f"run `bridgekit pxe down {running[0].service.bridge}` first"
        )
    own = replace(spec, image=None)
    chosen = choose_engine(own, state, say)
    made = chosen.build(own, say, fresh)
    if not spec.image:
        return made
    if chosen.name == "native":
        raise RefusedError(
            "the native engine has no images to name; nothing was changed; leave --image out"
        )
    run(chosen.name, "tag", made, spec.image)
    return spec.image


def prepare(spec: PxeSpec, state: Path, say: Say = to_stderr) -> None:
    """Do and check all that can be done before networking changes.

    Raises:
        RefusedError: The host or its network does not allow the service.
        UsageError: The spec or the user's folder is wrong.
    """
    need_root()
    check_host(spec)
    service_dir = record.service_dir_of(spec.bridge, state)
    if _is_running(spec, service_dir):
        return
    _refuse_other_service(service_dir)
    try:
        with _locked(state):
            _fetch(spec, say)
            choose_engine(spec, state, say)
    except OSError as error:
        raise RefusedError(f"{state} cannot be used: {error}; nothing was changed") from error


def _fetch(spec: PxeSpec, say: Say) -> None:
    """Fetch what the user's folder names from elsewhere, and check that all of it can be served."""
    if spec.site:
        sources.fetch(Path(spec.site), say)
        list(render(spec, ANY_MAC))


def up(spec: PxeSpec, state: Path, say: Say = to_stderr) -> bool:
    """Start the service on its bridge and wait until it serves; False if it does already.

    A failure is rolled back and raised as PxeError.
    """
    with _locked(state):
        service_dir = record.service_dir_of(spec.bridge, state)
        if _is_running(spec, service_dir):
            return False
        need_bridge(spec.bridge)
        _refuse_other_service(service_dir)
        _remove(service_dir)
        chosen = choose_engine(spec, state, say)
        record.write(spec, chosen.name, service_dir)
        try:
            _start(spec, service_dir, say)
        except BaseException as error:
            raise _rolled_back(service_dir, error) from error
        return True


def start(spec: PxeSpec, state: Path, say: Say = to_stderr) -> bool:
    """Start the service on an existing bridge: check the host, resolve the spec, prepare, `up`."""
    need_root()
    check_host(spec)
    need_bridge(spec.bridge)
    service_dir = record.service_dir_of(spec.bridge, state)
    if _is_running(spec, service_dir):
        return False
    _refuse_other_service(service_dir)
    spec = resolve(spec, spec.bridge)
    prepare(spec, state, say)
    return up(spec, state, say)


def down(bridge: str, state: Path, say: Say = to_stderr) -> bool:
    """Stop the bridge's service and remove all of it; False if there is none.

    Settings that `pxe check --fix` changed are restored.
    """
    with _locked(state):
        service_dir = record.service_dir_of(bridge, state)
        existed = service_dir.path.exists()
        if existed:
            _remove(service_dir)
        fixes.roll_back(service_dir, say)
        return existed


def apply_fixes(bridge: str, wanted: tuple[Fix, ...], state: Path) -> None:
    """Change the settings that keep clients from booting, until `down`."""
    with _locked(state):
        fixes.apply_fixes(wanted, record.service_dir_of(bridge, state))


def supervise(bridge: str, state: Path) -> None:
    """Start the bridge's service and attach it again whenever needed, for ever."""
    service_dir = record.service_dir_of(bridge, state)
    supervisor.supervise(lambda: pid(service_dir), lambda: _restore(service_dir))


def _restore(service_dir: ServiceDir) -> None:
    """Make a service serve again that had been serving."""
    with _locked(service_dir.state):
        stored = record.read(service_dir)
        if not stored or not stored.serving:
            return
        need_bridge(stored.service.bridge)  # `attach` would make one, and be in the way of ifup
        engine = get_engine(stored.engine, service_dir.state)
        if record.is_stale(stored) or not engine.restarts:
            engine.start_again(stored.service, service_dir)
        _attach(stored.service, service_dir)
        record.mark_boot(service_dir)


def _start(spec: PxeSpec, service_dir: ServiceDir, say: Say) -> None:
    stored = record.read(service_dir)
    assert stored
    engine = get_engine(stored.engine, service_dir.state)
    say(f"starting the PXE service with {engine.name} …")
    engine.start(spec, service_dir)
    _attach(spec, service_dir)
    say(wait_for_line(engine.follow(service_dir, more=True), "pxe: serving", SERVE_SECONDS))
    record.mark_serving(service_dir)
    supervisor.start(spec.bridge, service_dir)


def _attach(spec: PxeSpec, service_dir: ServiceDir) -> None:
    attach(
        spec.bridge,
        service_dir.name,
        parse_spec(filter(None, (spec.address, spec.ipv6))),
        state=service_dir.state,
    )


def _rolled_back(service_dir: ServiceDir, error: BaseException) -> BaseException:
    """Remove what exists of a service that did not start; return the error to raise."""
    try:
        _remove(service_dir)
    except (BridgekitError, OSError) as left:
        return PxeError(
            f"the PXE service did not start: {error}; the rollback is incomplete: {left}; "
            "`bridgekit pxe down` tries again"
        )
    if not isinstance(error, (BridgekitError, OSError)):
        return error
    return PxeError(f"the PXE service did not start and was rolled back: {error}")


def _remove(service_dir: ServiceDir) -> None:
    """Stop what a record names and delete the record; succeeds where nothing is left."""
    stored = record.read(service_dir)
    supervisor.stop(service_dir)
    if stored:
        # the kernel takes a dead namespace's links away too, but only some time later
        with suppress(RefusedError):
            detach(stored.service.bridge, service_dir.name, state=service_dir.state)
        get_engine(stored.engine, service_dir.state).stop(service_dir)
        close_if_unused(stored.service.bridge)
    shutil.rmtree(service_dir.path, ignore_errors=True)


def _is_running(spec: PxeSpec, service_dir: ServiceDir) -> bool:
    now = status(spec.bridge, service_dir.state)
    stored = record.read(service_dir)
    return bool(now and stored and now.running and spec.matches_resolved(stored.service))


def _refuse_other_service(service_dir: ServiceDir) -> None:
    stored = record.read(service_dir)
    now = status(stored.service.bridge, service_dir.state) if stored else None
    if now and now.running:
        raise RefusedError(
            f"another PXE service runs on {now.service.bridge} already; nothing was changed; "
            f"`bridgekit pxe down {now.service.bridge}` stops it"
        )


@contextmanager
def _locked(state: Path) -> Iterator[None]:
    need_root()
    with lock.exclusive(files.private_dir(state / "pxe") / "lock"):
        yield
