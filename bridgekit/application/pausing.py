"""A PXE service ends before its bridge is taken back, and starts again if that fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bridgekit.application.applying import Tell
from bridgekit.attach.attach import port_of
from bridgekit.errors import BridgekitError
from bridgekit.pxe import lifecycle
from bridgekit.pxe import status as services
from bridgekit.pxe.spec import PxeSpec


@contextmanager
def without_service(
    bridge: str, state: Path, check: Callable[[str | None], None], tell: Tell
) -> Iterator[None]:
    """Meanwhile the bridge has no PXE service.

    `check` is called before, with the name of the service's port, and may raise RefusedError.
    """
    service = services.status(bridge, state)
    if service is None:
        yield
        return
    check(port_of(service.name, state=state))
    tell("stopping the PXE service")
    lifecycle.down(bridge, state)
    try:
        yield
    except BridgekitError:
        if service.running:
            _restart(service.service, state, tell)
        raise


def _restart(service: PxeSpec, state: Path, tell: Tell) -> None:
    """What is raised is another's to say."""
    tell("starting the PXE service again")
    try:
        lifecycle.up(service, state)
    except (BridgekitError, OSError) as error:
        tell(f"it did not start: {error}; `bridgekit pxe up` tries again")
