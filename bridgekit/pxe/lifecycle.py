"""The life cycle of a PXE service: build, prepare, start, stop."""

from pathlib import Path

from msgspec.structs import replace

from bridgekit.errors import BridgekitError, PxeError, RefusedError
from bridgekit.pxe import instance, record, supervisor
from bridgekit.pxe.diagnose import fixes
from bridgekit.pxe.diagnose.audit import check_host, need_bridge
from bridgekit.pxe.diagnose.fixes import Fix
from bridgekit.pxe.engines.base import choose_engine
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.preview import check_site
from bridgekit.pxe.resolve import resolve
from bridgekit.pxe.spec import PxeSpec
from bridgekit.pxe.status import pid, status, statuses
from bridgekit.system.privileges import require_root
from bridgekit.system.process import run
from bridgekit.system.progress import Report, report_to_stderr


def build(
    spec: PxeSpec, state: Path, report: Report = report_to_stderr, *, fresh: bool = False
) -> str:
    """Build the image or root file system if it is missing; return its name or path.

    With `spec.image` our own image gets that name as well; `fresh` makes it of today's packages.
    """
    require_root()
    if fresh and (running := [one for one in statuses(state) if one.running]):
        raise RefusedError(
            f"a PXE service runs on {running[0].service.bridge}; nothing was changed; "
            f"run `bridgekit pxe down {running[0].service.bridge}` first"
        )
    own = replace(spec, image=None)
    chosen = choose_engine(own, state, report)
    made = chosen.build(own, report, fresh)
    if not spec.image:
        return made
    if chosen.name == "native":
        raise RefusedError(
            "the native engine has no images to name; nothing was changed; leave --image out"
        )
    run(chosen.name, "tag", made, spec.image)
    return spec.image


def prepare(spec: PxeSpec, state: Path, report: Report = report_to_stderr) -> None:
    """Do and check all that can be done before networking changes.

    Raises:
        RefusedError: The host or its network does not allow the service.
        UsageError: The spec or the user's folder is wrong.
    """
    require_root()
    check_host(spec)
    service_dir = record.service_dir_of(spec.bridge, state)
    if _is_running(spec, service_dir):
        return
    _refuse_other_service(service_dir)
    try:
        with instance.locked(state):
            check_site(spec, report)
            choose_engine(spec, state, report)
    except OSError as error:
        raise RefusedError(f"{state} cannot be used: {error}; nothing was changed") from error


def up(spec: PxeSpec, state: Path, report: Report = report_to_stderr) -> bool:
    """Start the service on its bridge and wait until it serves; False if it does already.

    A failure is rolled back and raised as PxeError.
    """
    with instance.locked(state):
        service_dir = record.service_dir_of(spec.bridge, state)
        if _is_running(spec, service_dir):
            return False
        need_bridge(spec.bridge)
        _refuse_other_service(service_dir)
        instance.remove(service_dir)
        chosen = choose_engine(spec, state, report)
        record.write(spec, chosen.name, service_dir)
        try:
            instance.start(spec, service_dir, report)
        except BaseException as error:
            raise _rolled_back(service_dir, error) from error
        return True


def start(spec: PxeSpec, state: Path, report: Report = report_to_stderr) -> bool:
    """Start the service on an existing bridge: check the host, resolve the spec, prepare, `up`."""
    require_root()
    check_host(spec)
    need_bridge(spec.bridge)
    service_dir = record.service_dir_of(spec.bridge, state)
    if _is_running(spec, service_dir):
        return False
    _refuse_other_service(service_dir)
    spec = resolve(spec, spec.bridge)
    prepare(spec, state, report)
    return up(spec, state, report)


def down(bridge: str, state: Path, report: Report = report_to_stderr) -> bool:
    """Stop the bridge's service and remove all of it; False if there is none.

    Settings that `pxe check --fix` changed are restored.
    """
    with instance.locked(state):
        service_dir = record.service_dir_of(bridge, state)
        existed = service_dir.path.exists()
        if existed:
            instance.remove(service_dir)
        fixes.roll_back(service_dir, report)
        return existed


def apply_fixes(bridge: str, wanted: tuple[Fix, ...], state: Path) -> None:
    """Change the settings that keep clients from booting, until `down`."""
    with instance.locked(state):
        fixes.apply_fixes(wanted, record.service_dir_of(bridge, state))


def supervise(bridge: str, state: Path) -> None:
    """Start the bridge's service and attach it again whenever needed, for ever."""
    service_dir = record.service_dir_of(bridge, state)
    supervisor.supervise(lambda: pid(service_dir), lambda: _restore(service_dir))


def _restore(service_dir: ServiceDir) -> None:
    with instance.locked(service_dir.state):
        instance.restore(service_dir)


def _rolled_back(service_dir: ServiceDir, error: BaseException) -> BaseException:
    """Remove what exists of a service that did not start; return the error to raise."""
    try:
        instance.remove(service_dir)
    except (BridgekitError, OSError) as left:
        return PxeError(
            f"the PXE service did not start: {error}; the rollback is incomplete: {left}; "
            "`bridgekit pxe down` tries again"
        )
    if not isinstance(error, (BridgekitError, OSError)):
        return error
    return PxeError(f"the PXE service did not start and was rolled back: {error}")


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
