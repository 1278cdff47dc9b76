"""Requests about addresses, neighbours and routes, packed by pyroute2 or taken from a dump."""

import socket
from ipaddress import ip_address
from typing import Any

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from bridgekit.host.netlink.channel import HEADER, REPLACE, Request
from bridgekit.model import wire
from bridgekit.model.addresses import FOREVER, TENTATIVE, Address
from bridgekit.model.links import Neighbour
from bridgekit.model.routes import (
    DST,
    EXPIRES,
    METRICS,
    OIF,
    PREFSRC,
    PRIORITY,
    RTMSG,
    TABLE,
    RouteSet,
    destination,
    expires,
    fields,
    settings,
)

NEWADDR = 20


def encoded(message: Any) -> bytes:
    """Return the body of a message that pyroute2 packs."""
    message.encode()
    return bytes(message.data[HEADER.size :])


def decoded(message_class: Any, body: bytes) -> Any:
    """Return pyroute2's view of a message body: fields by [], attributes by get_attr()."""
    message = message_class(HEADER.pack(HEADER.size + len(body), 0, 0, 0, 0) + body)
    message.decode()
    return message


def text(message: Any, attribute: str) -> str | None:
    """Return a text of a decoded message; None if it has none."""
    value = message.get_attr(attribute)
    return None if value is None else readable(value)


def readable(value: str | bytes) -> str:
    """Return a text as text: pyroute2 leaves one that is no UTF-8 as bytes."""
    return wire.text(value) if isinstance(value, bytes) else value


def address_body(address: Address, index: int, flags: int) -> bytes:
    """`local` and `address` differ only for a peer; IPv6 without a peer has no `local`."""
    message = ifaddrmsg()
    message["family"], message["prefixlen"] = address.family, address.prefixlen
    message["scope"], message["index"] = address.scope, index
    lifetimes = {"ifa_preferred": address.preferred, "ifa_valid": address.valid}
    timed = (address.preferred, address.valid) != (FOREVER, FOREVER)
    wanted = [
        ("IFA_LOCAL", address.ip),
        ("IFA_ADDRESS", address.peer or address.ip),
        ("IFA_BROADCAST", address.broadcast),
        ("IFA_LABEL", address.label),
        ("IFA_FLAGS", flags & ~TENTATIVE or None),
        ("IFA_RT_PRIORITY", address.metric or None),
        ("IFA_PROTO", address.protocol or None),
        ("IFA_CACHEINFO", lifetimes | {"cstamp": 0, "tstamp": 0} if timed else None),
    ]
    message["attrs"] = [(name, value) for name, value in wanted if value is not None]
    return encoded(message)


def as_it_was(address: Address, index: int) -> Request:
    """Take the "no duplicate detection" flag off again, now that it has served."""
    return Request(NEWADDR, address_body(address, index, address.flags), REPLACE)


def neighbour_body(entry: Neighbour, index: int) -> bytes:
    """A neighbour's message; one that comes and goes by itself is handed over as stale."""
    message = ndmsg()
    message["family"], message["ifindex"] = entry.family, index
    message["state"] = entry.state if entry.lasting else 0x04  # STALE: proven at first use
    message["flags"] = entry.flags
    mac = [("NDA_LLADDR", entry.mac)] if entry.mac else []
    protocol = [("NDA_PROTOCOL", entry.protocol)] if entry.protocol else []
    message["attrs"] = [("NDA_DST", entry.ip), *mac, *protocol]
    return encoded(message)


def without_settings(connected: RouteSet, addresses: tuple[Address, ...]) -> RouteSet:
    """Return those IPv4 routes that someone has given metrics or another source, as they were.

    That is: as the kernel makes them for these addresses, by which it finds them.
    """
    sources = {net: ip_address(a.ip).packed for a in addresses[::-1] for net in a.connected}

    def changed(message: bytes) -> bool:
        found, where = fields(message), destination(message)
        other = found.get(PREFSRC) != sources.get(where)
        return message[0] == socket.AF_INET and where in sources and (other or METRICS in found)

    kept = (DST, OIF, TABLE, PRIORITY)
    bare = (_only(message, kept) for message in connected.where(changed).messages)
    return RouteSet(connected.names, tuple(bare))


def _only(message: bytes, kinds: tuple[int, ...]) -> bytes:
    found = fields(message)
    return message[: RTMSG.size] + b"".join(
        wire.attribute(kind, found[kind]) for kind in kinds if kind in found
    )


def replayed(message: bytes) -> bytes:
    """A dumped route says its remaining time in its cache information; a new one in EXPIRES."""
    bare = settings(message)
    if message[0] == socket.AF_INET6 and expires(message):
        bare += wire.attribute(EXPIRES, wire.U32.pack(expires(message)))
    return bare
