"""XDP programs on a link: they stay on the port, and see all that passes the bridge."""

from bridgekit.netlink.links import xdp_program
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state.link import Dependency

MODES = {1: "xdpdrv", 2: "xdpgeneric", 3: "xdpoffload", 4: "xdpmulti"}
"""XDP_ATTACHED_* of linux/if_link.h, in the words of ip-link(8)."""


def find_dependencies(nic: str) -> tuple[Dependency, ...]:
    """Return the XDP program of this link, if it has one."""
    with NetlinkSocket() as sock:
        mode, number = xdp_program(sock, nic)
    return (Dependency("xdp", f"{MODES.get(mode, 'xdp')} prog/xdp id {number}"),) if mode else ()
