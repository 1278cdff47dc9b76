"""The same move by plain calls of pyroute2, as one would write it: `scale_pyroute2.py OLD NEW`."""

import sys
from typing import Any

from pyroute2 import IPRoute

KERNEL_MADE = 2
KEPT = ("dst_len", "table", "proto", "scope", "type")
ATTRIBUTES = ("RTA_DST", "RTA_GATEWAY", "RTA_PRIORITY", "RTA_PREFSRC")


def moved(route: Any, index: int) -> dict[str, Any]:
    """Return the arguments for a route over this interface."""
    words = {name: route[name] for name in ("family", *KEPT)}
    found = {name[4:].lower(): route.get_attr(name) for name in ATTRIBUTES}
    return {**words, **{name: value for name, value in found.items() if value}, "oif": index}


def main(old: str, new: str) -> None:
    """Replace every route over the old link that the kernel did not make."""
    with IPRoute() as ipr:
        before, after = (ipr.link_lookup(ifname=name)[0] for name in (old, new))
        for route in list(ipr.get_routes(oif=before)):
            if route["proto"] != KERNEL_MADE and route["table"] != 255:
                ipr.route("replace", **moved(route, after))


if __name__ == "__main__":
    main(*sys.argv[1:])
