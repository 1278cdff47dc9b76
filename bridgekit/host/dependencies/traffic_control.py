"""Traffic control that someone put on an interface: tc(8)."""

import json
from collections.abc import Callable

from bridgekit.errors import BridgekitError
from bridgekit.state.link import Dependency

SECONDS = 5.0
BY_ITSELF = "0:"
"""The handle of what the kernel makes by itself, whatever its default is."""


def find_dependencies(nic: str, run: Callable[..., str]) -> tuple[Dependency, ...]:
    """Return the queueing disciplines that are not the kernel's own; filters hang on these.

    Where tc is missing or says nothing there is nothing to tell.
    """
    try:
        listed = json.loads(run("tc", "-j", "qdisc", "show", "dev", nic, timeout=SECONDS) or "[]")
    except (BridgekitError, ValueError):
        return ()
    made = (item for item in listed if item.get("handle", BY_ITSELF) != BY_ITSELF)
    return tuple(
        Dependency("traffic-control", f"{item.get('kind')} {item.get('handle')}") for item in made
    )
