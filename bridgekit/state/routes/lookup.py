"""By which link routes reach an address, as far as they are kept one by one."""

from ipaddress import ip_address

from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.routes.message import attributes, header
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import RTA_DST, RTN_UNICAST


def link_towards(routes: RouteSet, text: str) -> str | None:
    """Return the link by which an IP address is reached, other than by a default route.

    Returns:
        None also for what is no address, and where the longest prefix has several nexthops.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    family, bits = (IPV4 if address.version == 4 else IPV6), address.max_prefixlen
    longest, links = 0, set[str]()
    for message in routes.messages:
        top = header(message)
        if top.family == family and top.type == RTN_UNICAST and top.dst_len > longest:
            prefix = int.from_bytes(attributes(message).get(RTA_DST, b""))
            if (prefix ^ int(address)) >> (bits - top.dst_len) == 0:
                longest, links = top.dst_len, set(routes.links(message))
    return links.pop() if len(links) == 1 else None
