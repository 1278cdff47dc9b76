"""The PXE service from wish to wire and back; what the rest of the program calls."""

import fcntl
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
from bridgekit.pxe.engines.base import choose, get_engine
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.log_wait import wait_for_line
from bridgekit.pxe.preview import rendered
from bridgekit.pxe.resolve import resolve
from bridgekit.pxe.spec import PxeSpec
from bridgekit.pxe.status import pid, status, statuses
from bridgekit.system.process import run
from bridgekit.system.progress import Say, to_stderr

SERVE_SECONDS = 120.0  # a slow machine, and one that starts several, take their time
NOBODYS_MAC = "00:00:00:00:00:00"


def build(service: PxeSpec, state: Path, say: Say = to_stderr, *, fresh: bool = False) -> str:
    """Make what the service runs from, if it is missing; return the image's name or root's path.

    With `service.image` our own image gets that name as well; `fresh` makes it of today's packages.
    """
    need_root()
    if fresh and (running := [one for one in statuses(state) if one.running]):
        raise RefusedError(
            f"A PXE service runs on {running[0].service.bridge}. Nothing was changed; "
            f"`bridgekit pxe down {running[0].service.bridge}` first."
        )
    own = replace(service, image=None)
    chosen = choose(own, state, say)
    made = chosen.build(own, say, fresh)
    if not service.image:
        return made
    if chosen.name == "native":
        raise RefusedError("The native engine has no images to name; leave --image out.")
    run(chosen.name, "tag", made, service.image)
    return service.image


def prepare(service: PxeSpec, state: Path, say: Say = to_stderr) -> None:
    """Do and check all that can be before networking changes. Raises RefusedError or UsageError."""
    need_root()
    check_host(service)
    home = record.home_of(service.bridge, state)
    if _same_runs(service, home):
        return
    _refuse_other(home)
    try:
        with _locked(state):
            _fetch(service, say)
            choose(service, state, say)
    except OSError as error:
        raise RefusedError(f"{state} cannot be used: {error}. Nothing was changed.") from error


def _fetch(service: PxeSpec, say: Say) -> None:
    """Bring what the user's folder names from elsewhere, and see that all of it can be served."""
    if service.site:
        sources.fetch(Path(service.site), say)
        list(rendered(service, NOBODYS_MAC))


def up(service: PxeSpec, state: Path, say: Say = to_stderr) -> bool:
    """Start the service on its bridge and wait until it serves; False if it does already.

    Whatever fails is taken back whole and raised as PxeError.
    """
    with _locked(state):
        home = record.home_of(service.bridge, state)
        if _same_runs(service, home):
            return False
        need_bridge(service.bridge)
        _refuse_other(home)
        _remove(home)
        chosen = choose(service, state, say)
        record.write(service, chosen.name, home)
        try:
            _start(service, home, say)
        except BaseException as error:
            raise _taken_back(home, error) from error
        return True


def start(service: PxeSpec, state: Path, say: Say = to_stderr) -> bool:
    """All of it on a bridge that exists: check the host and the wire, prepare, `up`."""
    need_root()
    check_host(service)
    need_bridge(service.bridge)
    home = record.home_of(service.bridge, state)
    if _same_runs(service, home):
        return False
    _refuse_other(home)
    service = resolve(service, service.bridge)
    prepare(service, state, say)
    return up(service, state, say)


def down(bridge: str, state: Path, say: Say = to_stderr) -> bool:
    """Stop the bridge's service and remove all of it; False if there is none.

    Settings that `pxe check --fix` has changed are put back.
    """
    with _locked(state):
        home = record.home_of(bridge, state)
        known = home.path.exists()
        if known:
            _remove(home)
        fixes.take_back(home, say)
        return known


def fix(bridge: str, known: tuple[Fix, ...], state: Path) -> None:
    """Change what is in clients' way, until `down`."""
    with _locked(state):
        fixes.fix(known, record.home_of(bridge, state))


def keep(bridge: str, state: Path) -> None:
    """Start the bridge's service and attach it again, whenever that is needed; for ever."""
    home = record.home_of(bridge, state)
    supervisor.keep(lambda: pid(home), lambda: _mend(home))


def _mend(home: ServiceDir) -> None:
    """Make a service that had been serving do so again."""
    with _locked(home.state):
        known = record.read(home)
        if not known or not known.serving:
            return
        need_bridge(known.service.bridge)  # `attach` would make one, and be in the way of ifup
        runner = get_engine(known.engine, home.state)
        if record.stale(known) or not runner.restarts:
            runner.start_again(known.service, home)
        _attach(known.service, home)
        record.write_boot(home)


def _start(service: PxeSpec, home: ServiceDir, say: Say) -> None:
    known = record.read(home)
    assert known
    runner = get_engine(known.engine, home.state)
    say(f"starting the PXE service with {runner.name} …")
    runner.start(service, home)
    _attach(service, home)
    say(wait_for_line(runner.follow(home, more=True), "pxe: serving", SERVE_SECONDS))
    record.write_serving(home)
    supervisor.start(service.bridge, home)


def _attach(service: PxeSpec, home: ServiceDir) -> None:
    attach(
        service.bridge,
        home.name,
        parse_spec(filter(None, (service.address, service.ipv6))),
        state=home.state,
    )


def _taken_back(home: ServiceDir, error: BaseException) -> BaseException:
    """Remove what there is of a service that did not start; the error to raise."""
    try:
        _remove(home)
    except (BridgekitError, OSError) as left:
        return PxeError(
            f"The PXE service did not start: {error}. Taking it back is incomplete: {left}. "
            f"`bridgekit pxe down` tries again."
        )
    if not isinstance(error, (BridgekitError, OSError)):
        return error
    return PxeError(f"The PXE service did not start and was taken back whole: {error}")


def _remove(home: ServiceDir) -> None:
    """Stop what a record names and forget it; succeeds where nothing is left."""
    known = record.read(home)
    supervisor.stop(home)
    if known:
        # the kernel takes a dead namespace's links away too, but only some time later
        with suppress(RefusedError):
            detach(known.service.bridge, home.name, state=home.state)
        get_engine(known.engine, home.state).stop(home)
        close_if_unused(known.service.bridge)
    shutil.rmtree(home.path, ignore_errors=True)


def _same_runs(service: PxeSpec, home: ServiceDir) -> bool:
    now = status(service.bridge, home.state)
    known = record.read(home)
    return bool(now and known and now.running and service.matches_resolved(known.service))


def _refuse_other(home: ServiceDir) -> None:
    known = record.read(home)
    now = status(known.service.bridge, home.state) if known else None
    if now and now.running:
        raise RefusedError(
            f"Another PXE service runs on {now.service.bridge} already. Nothing was changed; "
            f"`bridgekit pxe down {now.service.bridge}` ends it."
        )


@contextmanager
def _locked(state: Path) -> Iterator[None]:
    need_root()
    with (files.private_dir(state / "pxe") / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
