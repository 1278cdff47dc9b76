"""What would keep clients of a bridge from booting: looked for, changed nothing."""

from bridgekit.attach import addresses
from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.pxe import resolve
from bridgekit.pxe.diagnose import doctor
from bridgekit.pxe.diagnose.findings import SERVICE_REFUSED, PxeFinding, finding
from bridgekit.pxe.spec import PxeSpec
from bridgekit.pxe.spec_checks import check_spec


def check_host(spec: PxeSpec) -> None:
    """Refuse a spec that makes no sense or overlaps the host's subnets."""
    check_spec(spec, addresses.host_networks())


def need_bridge(name: str) -> None:
    """Refuse a bridge that is missing, down, or none."""
    link = addresses.link(name)
    if link is None or link.kind != "bridge":
        what = f"there is no link {name}" if link is None else f"{name} is no bridge"
        raise RefusedError(
            f"{what}; nothing was changed; `bridgekit apply` makes a bridge, "
            "and with --with-pxe it starts the service as well"
        )
    if not link.up:
        raise RefusedError(
            f"{name} is down; nothing was changed; run `ip link set {name} up` first"
        )


def findings(spec: PxeSpec, ours: bool = False) -> tuple[PxeFinding, ...]:
    """Every reason found; none is good. With `ours` it is our own that answers."""
    check_spec(spec, ())
    try:
        need_bridge(spec.bridge)
    except RefusedError as error:
        return (finding(SERVICE_REFUSED, str(error)),)
    found = doctor.check_bridge(spec.bridge, ipv6=bool(spec.ipv6))
    return (*(finding(SERVICE_REFUSED, text) for text in _refusals(spec, ours)), *found)


def _refusals(spec: PxeSpec, ours: bool) -> tuple[str, ...]:
    try:
        check_host(spec) if ours else resolve.resolve(spec, spec.bridge)
    except BridgekitError as error:
        return (str(error),)
    return ()
