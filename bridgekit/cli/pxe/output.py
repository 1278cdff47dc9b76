"""How services and simulated clients are printed."""

import time
from typing import Any

from msgspec import to_builtins

from bridgekit.pxe.diagnose.client_simulator import Step
from bridgekit.pxe.runtime_state import ClientProgress
from bridgekit.pxe.status import PxeStatus
from bridgekit.state.mac import with_vendor


def services_json(services: tuple[PxeStatus, ...]) -> dict[str, Any]:
    """Return services for machines."""
    return {"services": to_builtins(services)}


def service_text(now: PxeStatus) -> str:
    """Return a service for people, with its clients and leases, a line each."""
    state, service = "serves" if now.running else "has ended by itself", now.service
    lines = [
        f"{service.bridge}: {now.name} ({now.engine}) {state}",
        f"  {service.address}, {service.for_clients}, lease {service.lease}, "
        f"Debian {', '.join(service.suites)}, {'NAT' if service.nat else 'no NAT'}",
    ]
    if now.other_servers:
        lines.append(
            f"  offers nothing as long as another DHCP server answers: {now.other_servers}"
        )
    lines += (f"  {with_vendor(one.mac)}  {one.stage}{_since(one)}" for one in now.clients)
    lines += (f"  {one.address}  {with_vendor(one.mac)}  {one.name}" for one in now.leases)
    return "\n".join(lines)


def step_text(step: Step) -> str:
    """Return what a simulated client did, in a line."""
    if step.problem:
        return f"{step.client:<20} {step.what}: {step.problem}"
    size = f", {step.size / 1024:.0f} KiB" if step.size else ""
    return f"{step.client:<20} {step.what}{size}, {step.seconds:.2f} s"


def _since(client: ClientProgress) -> str:
    ago = f", {_ago(time.time() - client.since)}"
    return f"{ago}; it hangs there: {client.stalled}" if client.stalled else ago


def _ago(seconds: float) -> str:
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name} ago"
    return f"{max(0, seconds):.0f} s ago"
