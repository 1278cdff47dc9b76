"""Checks of what depends on the NIC and does not move with its addresses."""

from collections.abc import Iterator

from msgspec.structs import replace

from bridgekit.planning.findings import Finding, FindingType
from bridgekit.planning.findings import dependencies as kinds
from bridgekit.planning.findings.fidelity import UNEVEN_LEGS
from bridgekit.planning.intent import Intent
from bridgekit.state.link import DependencyKind
from bridgekit.state.network_state import NetworkState

SHOWN = 3
WARNINGS: dict[DependencyKind, tuple[FindingType, str]] = {
    "socket": (
        kinds.BOUND_SOCKET,
        "sockets are bound to {nic} and will receive nothing any more: {what}",
    ),
    "packet-socket": (
        kinds.BOUND_PACKET_SOCKET,
        "packet sockets on {nic} will receive nothing any more: {what}",
    ),
    "multicast": (
        kinds.MULTICAST_GROUP,
        "programs have joined multicast groups on {nic}: {what}",
    ),
    "firewall": (
        kinds.FIREWALL_NAMES_NIC,
        "firewall rules name {nic}: {what}",
    ),
    "traffic-control": (
        kinds.TRAFFIC_CONTROL,
        "{nic} keeps its traffic control, which then works on the port: {what}",
    ),
    "xdp": (
        kinds.XDP_PROGRAM,
        "{nic} keeps its XDP program, which then sees all that passes the bridge: {what}",
    ),
    "bridge-firewall": (
        kinds.BRIDGE_FIREWALL,
        "the firewall may drop what machines on {bridge} send through it: {what}",
    ),
}
"""The kind of finding and the message for each kind of dependency that gives a warning."""
REFUSALS: dict[DependencyKind, tuple[FindingType, str, str]] = {
    "disk": (
        kinds.NETWORK_DISK,
        "{what}",
        "keep another way in: if the move fails, what needs it stands still with {nic}",
    ),
    "firewall-lockout": (
        kinds.FIREWALL_LOCKS_OUT,
        "new sessions are accepted by the name {nic} alone, and the rest is dropped: {what}",
        "add the same rules for {bridge} while this session lasts",
    ),
    "multicast-router": (
        kinds.MULTICAST_ROUTER,
        "{nic} is an interface of {what}, and packets come by {bridge} then",
        "restart the multicast router with {bridge} after the move",
    ),
    "vrrp": (
        kinds.VRRP,
        "an address of {nic} may be a shared one, for VRRP is spoken here by {what}",
        "take the shared address out of the interfaces file, and set the daemon to {bridge}",
    ),
}
"""The kind of finding, the message, and the advice to those who insist with `--i-know`."""


def check_dependencies(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Yield a finding for each kind of dependency on the NIC."""
    names = {"nic": intent.nic, "bridge": intent.bridge}
    for dependency, (kind, message) in WARNINGS.items():
        texts = _texts(snapshot, dependency)
        if texts:
            yield kind.finding(message.format(**names, what=_listed(texts)), **names)
    yield from _check_refusals(snapshot, intent)
    for route in _texts(snapshot, "uneven-legs"):
        yield UNEVEN_LEGS.finding(
            f"the nexthops of this route have different metrics, and one would be lost: {route}"
        )
    unread = _texts(snapshot, "unread")
    if unread:
        yield kinds.NOT_LOOKED_AT.finding(_listed(unread))


def _check_refusals(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    names = {"nic": intent.nic, "bridge": intent.bridge}
    for dependency, (kind, message, insisted) in REFUSALS.items():
        texts = _texts(snapshot, dependency)
        said = message.format(**names, what=_listed(texts))
        if texts and intent.force:
            yield replace(kind.finding(said, insisted, **names), level="warn")
        elif texts:
            yield kind.finding(said, **names)


def _texts(snapshot: NetworkState, kind: DependencyKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.text for item in snapshot.dependencies if item.kind == kind))


def _listed(texts: tuple[str, ...]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return "; ".join(texts[:SHOWN]) + more
