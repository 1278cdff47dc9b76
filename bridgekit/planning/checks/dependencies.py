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
    "bridge-firewall": (
        kinds.BRIDGE_FIREWALL,
        "the firewall may drop what machines on {bridge} send through it: {what}",
    ),
}
"""The kind of finding and the message for each kind of dependency that gives a warning."""
INSISTED = "keep another way in: if the move fails, what needs it stands still with {nic}"


def check_dependencies(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Yield a finding for each kind of dependency on the NIC."""
    names = {"nic": intent.nic, "bridge": intent.bridge}
    for dependency, (kind, message) in WARNINGS.items():
        texts = _texts(snapshot, dependency)
        if texts:
            yield kind.finding(message.format(**names, what=_listed(texts)), **names)
    yield from _check_disks(snapshot, intent)
    for route in _texts(snapshot, "uneven-legs"):
        yield UNEVEN_LEGS.finding(
            f"the nexthops of this route have different metrics, and one would be lost: {route}"
        )
    unread = _texts(snapshot, "unread")
    if unread:
        yield kinds.NOT_LOOKED_AT.finding(_listed(unread))


def _check_disks(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    disks = _texts(snapshot, "disk")
    if disks and intent.force:
        finding = kinds.NETWORK_DISK.finding(_listed(disks), INSISTED, nic=intent.nic)
        yield replace(finding, level="warn")
    elif disks:
        yield kinds.NETWORK_DISK.finding(_listed(disks))


def _texts(snapshot: NetworkState, kind: DependencyKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.text for item in snapshot.dependencies if item.kind == kind))


def _listed(texts: tuple[str, ...]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return "; ".join(texts[:SHOWN]) + more
