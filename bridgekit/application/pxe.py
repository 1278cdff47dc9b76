"""The PXE service as part of a plan, a change and a rollback; loaded by `pxe_service` only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from bridgekit.errors import BridgekitError, PxeError
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.planning.pxe_options import PxeOptions
from bridgekit.pxe import lifecycle
from bridgekit.pxe import status as pxe_status
from bridgekit.pxe.diagnose.audit import check_host
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.resolve import resolve
from bridgekit.pxe.service_target import port_of_service
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system import signals
from bridgekit.system.progress import Report


class PlannedPxeService(Struct, frozen=True):
    """A service that this host can have, as far as that is known before the change."""

    spec: PxeSpec

    def prepare(self, state_dir: Path) -> str:
        """Do all that can be done before networking changes; return the service as JSON."""
        lifecycle.prepare(self.spec, state_dir)
        return self.spec.to_json()

    def start(self, state_dir: Path) -> bool:
        """Start the service on its bridge; return False if it runs already."""
        return lifecycle.start(self.spec, state_dir)

    def summary(self) -> tuple[str, ...]:
        """Return what a plan says of the service, for people."""
        spec = self.spec
        nat = "clients get out by masquerading; forwarding is turned on until `pxe down`"
        return (
            f"{spec.address} on {spec.bridge}, {spec.for_clients}",
            f"Debian {', '.join(spec.suites)}, lease {spec.lease}",
            f"engine {spec.engine}",
            *((nat,) if spec.nat else ()),
        )

    def to_builtins(self) -> dict[str, object]:
        """Return the service's values, for machines."""
        values: dict[str, object] = msgspec.json.decode(self.spec.to_json())
        return values


def spec_on(bridge: str, options: PxeOptions) -> PxeSpec:
    """Return the service that the options describe; not checked yet."""
    return PxeSpec(bridge=bridge, **asdict(options))


def plan_service(options: PxeOptions, result: PlanResult) -> PlannedPxeService:
    """Return the service on the bridge of the plan.

    Raises:
        RefusedError: This host cannot have it.
    """
    intent = result.plan.intent
    spec = spec_on(intent.bridge, options)
    check_host(spec)
    return PlannedPxeService(spec if result.already_done else resolve(spec, intent.nic))


def start_service(service: str, state_dir: Path) -> None:
    """Start a service given as JSON; on failure it is removed and the network stays."""
    try:
        with signals.raise_on_signal():
            lifecycle.up(PxeSpec.from_json(service), state_dir)
    except (BridgekitError, OSError) as error:
        raise PxeError(
            f"the bridge is made and committed, but without PXE: {error}; "
            "`bridgekit pxe up` tries again"
        ) from error


@contextmanager
def service_paused(
    bridge: str, state_dir: Path, check: Callable[[str | None], None], report: Report
) -> Iterator[None]:
    """Stop the bridge's PXE service; start it again if the block fails."""
    service = pxe_status.status(bridge, state_dir)
    if service is None:
        yield
        return
    check(port_of_service(ServiceDir(state_dir, service.name)))
    report("stopping the PXE service")
    lifecycle.down(bridge, state_dir)
    try:
        yield
    except BridgekitError:
        if service.running:
            _restart(service.service, state_dir, report)
        raise


def _restart(spec: PxeSpec, state_dir: Path, report: Report) -> None:
    """Start the service again; a failure is only reported, for the block's own error is raised."""
    report("starting the PXE service again")
    try:
        lifecycle.up(spec, state_dir)
    except (BridgekitError, OSError) as error:
        report(f"it did not start: {error}; `bridgekit pxe up` tries again")
