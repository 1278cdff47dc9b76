"""What the host must look like afterwards, said without the planner: the same, with names swapped.

The planner decides how; this says what. Verification compares the machine with this.
"""

from dataclasses import replace

from bridgekit.migration.intent import Intent
from bridgekit.model import wire
from bridgekit.model.links import Link, Sysctl
from bridgekit.model.routes import RouteSet, device_slots, is_link_multicast
from bridgekit.model.snapshot import Snapshot

NEW_INDEX = 0x7FFFFFFF
"""Stands for a link that has no number yet; comparisons go by name."""


def expected(snapshot: Snapshot, intent: Intent) -> Snapshot:
    """Return the state that the intent leads to from this snapshot."""
    return (bridged if intent.direction == "bridge" else unbridged)(snapshot, intent)


def bridged(snapshot: Snapshot, intent: Intent) -> Snapshot:
    """The NIC is a bare port; the bridge has its MAC, MTU, addresses, routes and settings."""
    nic = _link(snapshot, intent.nic)
    new = replace(nic, name=intent.bridge, kind="bridge", index=NEW_INDEX, altnames=())
    bridge = replace(new, bridge=intent.options)
    port = replace(nic, controller=bridge.name, addrgenmode=None if nic.addrgenmode is None else 1)
    links = tuple(port if link.name == nic.name else link for link in snapshot.links)
    settings = snapshot.sysctls_of(nic.name)
    quiet = {key: "0" for key in settings if key.endswith("/accept_ra")}
    return replace(
        _retold(snapshot, nic.name, bridge.name),
        links=(*links, bridge),
        routes=_routes_retold(snapshot.routes, nic.name, bridge.name, keep=True),
        sysctls=(
            *_sysctls_without(snapshot, nic.name, bridge.name),
            *_sysctls(settings, bridge.name),
            *_sysctls(settings | quiet, nic.name),
        ),
    )


def unbridged(snapshot: Snapshot, intent: Intent) -> Snapshot:
    """The bridge is gone and the NIC has all that was the bridge's."""
    bridge, port = _link(snapshot, intent.bridge), _link(snapshot, intent.nic)
    nic = replace(port, controller=None, addrgenmode=bridge.addrgenmode)
    links = (nic if link.name == nic.name else link for link in snapshot.links)
    return replace(
        _retold(snapshot, bridge.name, nic.name),
        links=tuple(link for link in links if link.name != bridge.name),
        routes=_routes_retold(snapshot.routes, bridge.name, nic.name, keep=False),
        sysctls=(
            *_sysctls_without(snapshot, nic.name, bridge.name),
            *_sysctls(snapshot.sysctls_of(bridge.name), nic.name),
        ),
    )


def _link(snapshot: Snapshot, name: str) -> Link:
    link = snapshot.link(name)
    assert link is not None, "preflight lets no plan be made for links that are not there"
    return link


def _retold(snapshot: Snapshot, old: str, new: str) -> Snapshot:
    """Addresses, neighbours, rules and nexthops of one link read as another's."""
    return replace(
        snapshot,
        addresses=tuple(a.on(new) if a.link == old else a for a in snapshot.addresses),
        neighbours=tuple(n.on(new) if n.link == old else n for n in snapshot.neighbours),
        rules=tuple(rule.renamed(old, new) for rule in snapshot.rules),
        nexthops=tuple(h.on(new) if h.link == old else h for h in snapshot.nexthops),
    )


def _routes_retold(routes: RouteSet, old: str, new: str, keep: bool) -> RouteSet:
    """Every route of `old` is `new`'s, in its place; what each link has by itself is special.

    `keep`: both links have that afterwards; otherwise only `new`, which has it already.
    """
    numbers = {name: index for index, name in routes.names}
    to = numbers.get(new, NEW_INDEX)
    messages: list[bytes] = []
    for message in routes.messages:
        ours = old in routes.links(message)
        by_link = ours and is_link_multicast(message)
        if by_link and keep:
            messages.append(message)
        if not by_link or keep:
            messages.append(_repointed(message, numbers[old], to) if ours else message)
    names = dict(routes.names) | {to: new}
    return RouteSet(tuple(names.items()), tuple(messages))


def _repointed(message: bytes, old: int, new: int) -> bytes:
    for slot in device_slots(message):
        if wire.u32(message, slot) == old:
            message = wire.patched(message, slot, new)
    return message


def _sysctls(settings: dict[str, str], link: str) -> tuple[Sysctl, ...]:
    return tuple(Sysctl(key.format(link), value) for key, value in settings.items())


def _sysctls_without(snapshot: Snapshot, *links: str) -> tuple[Sysctl, ...]:
    marks = tuple(f"/{link}/" for link in links)
    return tuple(s for s in snapshot.sysctls if not any(mark in s.key for mark in marks))
