"""By which link a state's routes reach an address: the longest prefix among those kept singly."""

from ipaddress import ip_address

from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import attributes, header
from bridgekit.uapi.rtnetlink import RTA_DST, RTN_UNICAST


def link_towards(state: NetworkState, text: str) -> str | None:
    """Return the link by which an IP address is reached, other than by a default route.

    Returns:
        None also for what is no address, and for multipath routes.
    """
    try:
        packed = ip_address(text).packed
    except ValueError:
        return None
    family, best = (2 if len(packed) == 4 else 10), (0, "")
    number = int.from_bytes(packed)
    for message in state.routes.messages:
        top = header(message)
        if top.family != family or top.type != RTN_UNICAST or top.dst_len <= best[0]:
            continue
        prefix = int.from_bytes(attributes(message).get(RTA_DST, bytes(len(packed))))
        shift = len(packed) * 8 - top.dst_len
        links = set(state.routes.links(message))
        if prefix >> shift == number >> shift and len(links) == 1:
            best = (top.dst_len, links.pop())
    return best[1] or None
