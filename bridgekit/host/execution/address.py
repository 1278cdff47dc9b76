"""Operations on addresses, neighbour entries and static MAC addresses."""

import errno

from msgspec.structs import replace

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
from bridgekit.state.link import Neighbour
from bridgekit.uapi.if_addr import IFA_F_NODAD
from bridgekit.uapi.neighbour import NTF_EXT_LEARNED
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import (
    RTM_DELADDR,
    RTM_DELNEIGH,
    RTM_DELROUTE,
    RTM_NEWADDR,
    RTM_NEWNEIGH,
)

TABLE_FULL = frozenset({errno.ENOBUFS})
"""What the kernel answers to a new neighbour entry if its table holds gc_thresh3 of them."""


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
    sock.exchange([Request(RTM_DELROUTE, body, "connected route", 0, MISSING) for body in extra])
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
    flags = NLM_F_CREATE | NLM_F_EXCL
    return Request(RTM_NEWADDR, body, _words(address), flags, context.ignore_existing)


def _delete_address(address: Address, index: int, ignore_errnos: frozenset[int]) -> Request:
    body = address_message(address, index, 0)
    return Request(RTM_DELADDR, body, _words(address), 0, ignore_errnos)


def _words(address: Address) -> str:
    return f"address {address} dev {address.link}"


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
    return [_delete_address(address, index, MISSING) for address in reversed(misplaced)]


def _key(address: Address) -> tuple[str, int, str | None]:
    return address.ip, address.prefixlen, address.peer


def remove_addresses(operation: op.RemoveAddresses, context: Context) -> None:
    """Remove the connected routes, then the addresses, last added first."""
    index = context.index_of(operation.link)
    routes = context.route_batch().delete(operation.connected, MISSING)
    last_first, gone = reversed(operation.addresses), context.ignore_missing
    context.sock.exchange([*routes, *(_delete_address(one, index, gone) for one in last_first)])


def add_neighbours(operation: op.AddNeighbours, context: Context) -> None:
    """Add neighbour entries; of those that the kernel may forget anyway, as many as it takes.

    Each is added twice: first as one learned by a program, then as what it is. The kernel neither
    counts the first kind nor refuses it where its table is full, and a change of an entry is not
    checked either (neigh_alloc and neigh_update_gc_list in net/core/neighbour.c). So it goes
    through that for a moment, until those of the other link are removed, there are twice as many.
    """
    index = context.index_of(operation.link)
    learned = (_new_neighbour(one, index, NTF_EXT_LEARNED) for one in operation.entries)
    as_it_is = (_new_neighbour(one, index) for one in operation.entries)
    pairs = zip(learned, as_it_is, strict=True)
    context.sock.exchange([request for pair in pairs for request in pair])


def _new_neighbour(entry: Neighbour, index: int, flags: int = 0) -> Request:
    body = neighbour_message(replace(entry, flags=entry.flags | flags), index)
    ignored = frozenset() if entry.lasting else TABLE_FULL
    return Request(RTM_NEWNEIGH, body, f"neighbour {entry}", NLM_F_CREATE | NLM_F_REPLACE, ignored)


def remove_neighbours(operation: op.RemoveNeighbours, context: Context) -> None:
    """Remove neighbour entries; those that have expired are removed already."""
    index = context.index_of(operation.link)
    context.sock.exchange(
        [
            Request(RTM_DELNEIGH, neighbour_message(one, index), f"neighbour {one}", 0, MISSING)
            for one in operation.entries
        ]
    )


def add_static_macs(operation: op.AddStaticMacs, context: Context) -> None:
    """Add static MAC addresses."""
    fdb.add_static_macs(context.sock, operation.macs, context.ignore_existing)


def remove_static_macs(operation: op.RemoveStaticMacs, context: Context) -> None:
    """Remove static MAC addresses."""
    fdb.remove_static_macs(context.sock, operation.macs, context.ignore_missing)
