"""The bodies of requests to the kernel, packed by pyroute2 or taken from a dump."""

import socket
import struct
from collections.abc import Sequence
from typing import Any

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from bridgekit.host.netlink.channel import HEADER, REPLACE, Request
from bridgekit.migration.operations import BridgeSettings
from bridgekit.model import wire
from bridgekit.model.addresses import FOREVER, TENTATIVE, Address
from bridgekit.model.links import Neighbour
from bridgekit.model.routes import CACHEINFO, EXPIRES, KEPT_FLAGS, RTMSG, expires

SETLINK, NEWADDR = 19, 20
UP = 0x1


def _encoded(message: Any) -> bytes:
    message.encode()
    return bytes(message.data[HEADER.size :])


def link_body(
    index: int, attributes: Sequence[tuple[str, object]], up: bool | None = None
) -> bytes:
    """A link's message: index 0 for one to be made; `up` None leaves that as it is."""
    message = ifinfmsg()
    message["index"] = index
    if up is not None:
        message["change"], message["flags"] = UP, UP if up else 0
    message["attrs"] = attributes
    return _encoded(message)


def new_bridge(name: str, settings: BridgeSettings) -> bytes:
    """A link's message that makes a bridge; an alias must be set afterwards."""
    options = settings.options
    data = [
        ("IFLA_BR_FORWARD_DELAY", options.forward_delay),
        ("IFLA_BR_HELLO_TIME", options.hello_time),
        ("IFLA_BR_MAX_AGE", options.max_age),
        ("IFLA_BR_AGEING_TIME", options.ageing_time),
        ("IFLA_BR_PRIORITY", options.priority),
        ("IFLA_BR_STP_STATE", int(options.stp)),
    ]
    # a kernel without VLANs refuses the word itself
    data += [("IFLA_BR_VLAN_FILTERING", 1)] if options.vlan_filtering else []
    info = [("IFLA_INFO_KIND", "bridge"), ("IFLA_INFO_DATA", {"attrs": data})]
    attributes: list[tuple[str, object]] = [
        ("IFLA_IFNAME", name),
        ("IFLA_ADDRESS", settings.mac),
        ("IFLA_MTU", settings.mtu),
        ("IFLA_TXQLEN", settings.qlen),
        ("IFLA_GROUP", settings.group),
        ("IFLA_LINKINFO", {"attrs": info}),
    ]
    return link_body(0, attributes)


def set_addrgenmode(index: int, mode: int) -> Request:
    """Choose how link-local addresses are made (IN6_ADDR_GEN_MODE_); existing ones stay."""
    ipv6 = ("AF_INET6", {"attrs": [("IFLA_INET6_ADDR_GEN_MODE", mode)]})
    return Request(SETLINK, link_body(index, [("IFLA_AF_SPEC", {"attrs": [ipv6]})]))


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
    return _encoded(message)


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
    return _encoded(message)


def replayed(message: bytes) -> bytes:
    """A dumped route says its remaining time in its cache information; a new one in EXPIRES."""
    top = message[: RTMSG.size - 4] + struct.pack("=I", message[8] & KEPT_FLAGS)
    parts = [top]
    for kind, at, end in wire.attributes(message, RTMSG.size):
        if kind != CACHEINFO:
            parts.append(wire.attribute(kind, message[at:end]))
    if message[0] == socket.AF_INET6 and expires(message):
        parts.append(wire.attribute(EXPIRES, wire.U32.pack(expires(message))))
    return b"".join(parts)
