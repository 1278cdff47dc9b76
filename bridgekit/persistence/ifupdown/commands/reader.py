"""Read one command: find its program, and let that program's reader tell what it changes."""

from collections.abc import Callable, Sequence

from bridgekit.persistence.ifupdown.commands import iproute2, net_tools
from bridgekit.persistence.ifupdown.commands.network_command import NetworkCommand

Reader = Callable[[Sequence[str]], NetworkCommand | None]
READERS: dict[str, Reader] = {
    "ip": iproute2.read_ip,
    "bridge": iproute2.read_bridge,
    "route": net_tools.read_route,
    "ifconfig": net_tools.read_ifconfig,
    "arp": net_tools.read_arp,
    "dhclient": net_tools.read_dhcp_client,
    "dhcpcd": net_tools.read_dhcp_client,
    "udhcpc": net_tools.read_dhcp_client,
    "pump": net_tools.read_dhcp_client,
}


def read_command(words: Sequence[str]) -> NetworkCommand | None:
    """Return what a command changes of addresses, routes, rules and neighbours, if it does."""
    words = words[1:] if words[:1] == ("busybox",) else words
    program = words[0].rpartition("/")[2] if words else ""
    reader = READERS.get(program)
    return reader(words[1:]) if reader else None
