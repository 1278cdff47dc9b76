"""Traffic control that someone put on a link: tc(8)."""

from bridgekit.errors import BridgekitError
from bridgekit.netlink.qdisc import qdiscs
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state.link import Dependency


def find_dependencies(index: int) -> tuple[Dependency, ...]:
    """Return the queueing disciplines that are not the kernel's own; filters hang on these.

    A kernel without traffic control has none.
    """
    try:
        with NetlinkSocket() as sock:
            found = qdiscs(sock, index)
    except BridgekitError:
        return ()
    return tuple(Dependency("traffic-control", str(one)) for one in found if one.handle)
