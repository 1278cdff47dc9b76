"""What is tied to the NIC and does not move with its addresses, as findings."""

from collections.abc import Iterator

from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.state.link import DependencyKind
from bridgekit.state.network_state import NetworkState

SHOWN = 3
WARNINGS: dict[DependencyKind, tuple[str, str, str]] = {
    "socket": (
        "bound-socket",
        "sockets are bound to {nic} and will hear nothing any more: {what}",
        "what comes for this host comes by {bridge} then: bind these programs to {bridge}",
    ),
    "packet-socket": (
        "bound-packet-socket",
        "packet sockets on {nic} will hear nothing any more: {what}",
        "point these programs at {bridge} after the move",
    ),
    "multicast": (
        "multicast-group",
        "programs have joined multicast groups on {nic}: {what}",
        "restart them after the move, so that they join on {bridge}; `ss -uap` helps to find them",
    ),
    "firewall": (
        "firewall-names-nic",
        "firewall rules name {nic}: {what}",
        "what comes for this host comes by {bridge} then: add the same rules for {bridge} first",
    ),
    "traffic-control": (
        "traffic-control",
        "{nic} keeps its traffic control, which then works on the port: {what}",
        "see `tc qdisc show dev {nic}`; what is meant for this host's own packets belongs on"
        " {bridge}",
    ),
    "bridge-firewall": (
        "bridge-firewall",
        "the firewall may drop what machines on {bridge} send through it: {what}",
        "let that chain accept them; iptables' FORWARD does by"
        " iptables -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT",
    ),
}
"""For each kind of tie: the finding's code, what is seen, what to do."""


def check_dependencies(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Yield a finding for each kind of tie that there is."""
    for kind, (code, seen, advice) in WARNINGS.items():
        what = _texts(snapshot, kind)
        if what:
            names = {"nic": intent.nic, "bridge": intent.bridge, "what": _listed(what)}
            yield Finding("warn", code, seen.format_map(names), advice.format_map(names))
    yield from _disks(snapshot, intent)
    for route in _texts(snapshot, "uneven-legs"):
        message = (
            f"the legs of this route have different metrics, of which one would be lost: {route}"
        )
        advice = "give all legs the same, or make them nexthop objects (ip nexthop)"
        yield Finding("refuse", "uneven-legs", message, advice)
    unread = _texts(snapshot, "unread")
    if unread:
        yield Finding("note", "not-looked-at", _listed(unread), "see for yourself what it shows")


def _disks(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    disks = _texts(snapshot, "disk")
    if disks and intent.force:
        advice = (
            f"keep another way in: if the move fails, what needs it stands still with {intent.nic}"
        )
        yield Finding("warn", "network-disk", _listed(disks), advice)
    elif disks:
        advice = "if it is lost, the host is; unmount it, or insist with --i-know"
        yield Finding("refuse", "network-disk", _listed(disks), advice)


def _texts(snapshot: NetworkState, kind: DependencyKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tie.text for tie in snapshot.dependencies if tie.kind == kind))


def _listed(texts: tuple[str, ...]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return "; ".join(texts[:SHOWN]) + more
