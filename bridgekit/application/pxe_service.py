"""The core's only door to the PXE service.

The imports stand inside the functions: the PXE service is loaded when one is asked for or one
exists, and never else (tests/test_architecture.py).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from bridgekit.planning.plan_intent import PlanResult
from bridgekit.planning.pxe_options import PxeOptions
from bridgekit.system.progress import Report

if TYPE_CHECKING:
    from bridgekit.pxe.status import PxeStatus

ServiceStatuses: TypeAlias = "tuple[PxeStatus, ...]"


class PlannedService(Protocol):
    """A PXE service that is to start on the bridge of a plan."""

    def prepare(self, state_dir: Path) -> str:
        """Do all that can be done before networking changes; return the service as JSON."""

    def start(self, state_dir: Path) -> bool:
        """Start the service on its bridge; return False if it runs already."""

    def summary(self) -> tuple[str, ...]:
        """Return what a plan says of the service, for people."""

    def to_builtins(self) -> dict[str, object]:
        """Return the service's values, for machines."""


def plan_service(options: PxeOptions | None, result: PlanResult) -> PlannedService | None:
    """Return the service that the options describe, on the bridge of the plan.

    Raises:
        RefusedError: This host cannot have it.
    """
    if options is None:
        return None
    from bridgekit.application import pxe

    return pxe.plan_service(options, result)


def start_service(service: str, state_dir: Path) -> None:
    """Start a service given as JSON; on failure it is removed and the network stays.

    Raises:
        PxeError: The service did not start.
    """
    from bridgekit.application import pxe

    pxe.start_service(service, state_dir)


def service_paused(
    bridge: str, state_dir: Path, check: Callable[[str | None], None], report: Report
) -> AbstractContextManager[None]:
    """Within, the bridge has no PXE service; if the block fails, the service starts again.

    `check` is called first with the name of the service's port, and may raise RefusedError.
    """
    if not _has_services(state_dir):
        return nullcontext()
    from bridgekit.application import pxe

    return pxe.service_paused(bridge, state_dir, check, report)


def service_statuses(state_dir: Path) -> ServiceStatuses:
    """Return the PXE services of this network namespace."""
    if not _has_services(state_dir):
        return ()
    from bridgekit.pxe import status

    return status.statuses(state_dir)


def _has_services(state_dir: Path) -> bool:
    return any((state_dir / "pxe").glob("*/record.json"))
