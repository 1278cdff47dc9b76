"""Operations on addresses, neighbour entries and static MAC addresses."""

from bridgekit.host import readiness
from bridgekit.host.execution.context import EXISTS, MISSING, Context
from bridgekit.netlink import dump, fdb
from bridgekit.netlink.address_neighbour import (
    address_message,
    neighbour_message,
    peer_prefix_routes,
    restore_flags,
    with_kernel_defaults,
)
from bridgekit.netlink.socket import Request
from bridgekit.planning import operations as op
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.uapi.if_addr import IFA_F_NODAD
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import (
    RTM_DELADDR,
    RTM_DELNEIGH,
    RTM_DELROUTE,
    RTM_NEWADDR,
    RTM_NEWNEIGH,
)


def add_addresses(operation: op.AddAddresses, context: Context) -> None:
    """Add the addresses in their order, wait until they are usable, and correct their routes."""
    sock, index = context.sock, context.index_of(operation.link)
    if context.rolling_back:
        sock.exchange(_delete_misplaced(context, index, operation))
    sock.exchange([_new_address(address, index, context) for address in operation.addresses])
    proven = [a for a in operation.addresses if a.family == IPV6 and not a.tentative]
    readiness.wait_usable(sock, operation.link, proven)
    sock.exchange([restore_flags(a, index) for a in proven if not a.flags & IFA_F_NODAD])
    extra = peer_prefix_routes(index, proven, operation.connected)
    sock.exchange([Request(RTM_DELROUTE, body, 0, MISSING) for body in extra])
    # the kernel's own, where someone has given that route another source or metrics
    bare = with_kernel_defaults(operation.connected, operation.addresses)
    batch = context.route_batch()
    sock.exchange(list(batch.delete(bare, MISSING)))
    # changing an address's flags may take away the route of another with another metric
    sock.exchange(list(batch.add(operation.connected, EXISTS)))


def _new_address(address: Address, index: int, context: Context) -> Request:
    """Proven IPv6 addresses go without duplicate detection: it would take over a second."""
    unproven = address.family == IPV4 or address.tentative
    body = address_message(address, index, address.flags | (0 if unproven else IFA_F_NODAD))
    return Request(RTM_NEWADDR, body, NLM_F_CREATE | NLM_F_EXCL, context.ignore_existing)


def _delete_misplaced(context: Context, index: int, operation: op.AddAddresses) -> list[Request]:
    """Delete the addresses behind a missing one: the kernel lists them in the order of adding.

    Of several IPv4 addresses in a network the first is the one that the host speaks with.
    """
    present = {_key(one) for one in dump.addresses(context.sock, {index: operation.link})}
    misplaced, incomplete = list[Address](), set[int]()
    for address in operation.addresses:
        if _key(address) not in present:
            incomplete.add(address.family)
        elif address.family in incomplete:
            misplaced.append(address)
    bodies = (address_message(address, index, 0) for address in reversed(misplaced))
    return [Request(RTM_DELADDR, body, 0, MISSING) for body in bodies]


def _key(address: Address) -> tuple[str, int, str | None]:
    return address.ip, address.prefixlen, address.peer


def remove_addresses(operation: op.RemoveAddresses, context: Context) -> None:
    """Remove the connected routes, then the addresses, last added first."""
    index = context.index_of(operation.link)
    routes = context.route_batch().delete(operation.connected, MISSING)
    bodies = [address_message(address, index, 0) for address in reversed(operation.addresses)]
    requests = (Request(RTM_DELADDR, body, 0, context.ignore_missing) for body in bodies)
    context.sock.exchange([*routes, *requests])


def add_neighbours(operation: op.AddNeighbours, context: Context) -> None:
    """Add neighbour entries."""
    index = context.index_of(operation.link)
    bodies = [neighbour_message(entry, index) for entry in operation.entries]
    flags = NLM_F_CREATE | NLM_F_REPLACE
    context.sock.exchange([Request(RTM_NEWNEIGH, body, flags) for body in bodies])


def remove_neighbours(operation: op.RemoveNeighbours, context: Context) -> None:
    """Remove neighbour entries; those that have expired are removed already."""
    index = context.index_of(operation.link)
    bodies = [neighbour_message(entry, index) for entry in operation.entries]
    context.sock.exchange([Request(RTM_DELNEIGH, body, 0, MISSING) for body in bodies])


def add_static_macs(operation: op.AddStaticMacs, context: Context) -> None:
    """Add static MAC addresses."""
    fdb.add_static_macs(context.sock, operation.macs, context.ignore_existing)


def remove_static_macs(operation: op.RemoveStaticMacs, context: Context) -> None:
    """Remove static MAC addresses."""
    fdb.remove_static_macs(context.sock, operation.macs, context.ignore_missing)
