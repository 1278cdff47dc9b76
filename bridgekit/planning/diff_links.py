"""The differences of links between two network states."""

from collections.abc import Iterator

from bridgekit.planning.difference import Changes, Difference, changed_link, creation, deletion
from bridgekit.state.link import BridgeOptions, Link, PortOptions
from bridgekit.state.network_state import NetworkState

OF_THE_MOMENT = ("index", "carrier", "forwarding", "bridge", "port", "vlans")
"""Of a link; bridge, port and VLANs are compared by themselves."""


def link_differences(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    """Yield the differences of these links; others are not compared."""
    for name in sorted(links):
        left, right = wanted.link(name), actual.link(name)
        if left and not right:
            yield Difference("missing", f"link {name}", creation(left), (name,))
        elif right and not left:
            yield Difference("unexpected", f"link {name}", deletion(right), (name,))
        elif left and right:
            yield from changed_link(name, _link_changes(left, right))


def _link_changes(wanted: Link, actual: Link) -> Changes:
    names = (name for name in Link.__struct_fields__ if name not in OF_THE_MOMENT)
    pairs: Changes = [(name, getattr(wanted, name), getattr(actual, name)) for name in names]
    pairs += _bridge_changes(wanted.bridge, actual.bridge) + _port_changes(wanted.port, actual.port)
    pairs += [] if wanted.vlans is None else [("vlans", _vlan_text(wanted), _vlan_text(actual))]
    return [change for change in pairs if change[1] != change[2]]


def _vlan_text(link: Link) -> str:
    return ", ".join(map(str, link.vlans or ())) or "none"


def _bridge_changes(wanted: BridgeOptions | None, actual: BridgeOptions | None) -> Changes:
    """Compare all options.

    With STP the ageing time is of the moment, as the topology changes it.
    """
    if wanted is None or actual is None:
        return [("bridge", wanted, actual)]
    left_out = {*(["ageing_time"] if wanted.stp else []), *([] if wanted.more else ["more"])}
    names = [name for name in BridgeOptions.__struct_fields__ if name not in left_out]
    return [(name, getattr(wanted, name), getattr(actual, name)) for name in names]


def _port_changes(wanted: PortOptions | None, actual: PortOptions | None) -> Changes:
    if wanted is None or actual is None:
        return [("port", wanted, actual)]
    names = PortOptions.__struct_fields__
    pairs = ((name, getattr(wanted, name), getattr(actual, name)) for name in names)
    return [(name, left, right) for name, left, right in pairs if left not in (None, b"")]
