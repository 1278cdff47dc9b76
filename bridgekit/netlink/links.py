"""Links in the kernel's messages: read them, and ask for changes.

See rtnetlink(7) and linux/if_link.h.
"""

import errno
import socket
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.state import nlattr
from bridgekit.state.link import BridgeOptions, BridgeSettings, Link, PortOptions

NEWLINK, DELLINK, GETLINK, SETLINK = 16, 17, 18, 19
ADDRESS, IFNAME, MTU, LOWER, MASTER, TXQLEN = 1, 3, 4, 5, 10, 13
ALIAS, AF_SPEC, GROUP, LOWER_ELSEWHERE, PROPERTIES, ALTNAME = 20, 26, 27, 37, 52, 53
TOKEN, ADDRGENMODE = 7, 8
"""Of IPv6, in the settings of the address families."""
UP, LOOPBACK, NOARP, LOWER_UP = 0x1, 0x8, 0x80, 0x10000
WITH_MAC = (1, 772)  # ARPHRD_ETHER, ARPHRD_LOOPBACK; of others an address can be anything
IFINFO = struct.Struct("=BxHiII")
LINKINFO, KIND, DATA, PORT_KIND, PORT_DATA = 18, 1, 2, 4, 5
"""Of a link's message, and inside its link information (linux/if_link.h)."""
FORWARD_DELAY, HELLO_TIME, MAX_AGE, AGEING_TIME, STP_STATE = 1, 2, 3, 4, 5
BRIDGE_PRIORITY, VLAN_FILTERING, DEFAULT_PVID = 6, 7, 39
OTHER_BRIDGE_SETTINGS = frozenset({8, 9, 22, 23, 24, 25, *range(27, 39), 41, 42, 43, 44})
"""Those that can be set and that BridgeOptions does not name (IFLA_BR_)."""
PORT_STATE, PORT_PRIORITY, PORT_COST = 1, 2, 3
OTHER_PORT_SETTINGS = frozenset({*range(4, 12), 25, 27, 28, *range(30, 34)})
"""Likewise for PortOptions (IFLA_BRPORT_)."""
BRIDGE = b"bridge\0"
FORWARDING = 3
VXLAN_LINK = 3
NameOf = Callable[[int], str | None]
NO_LINK = frozenset({errno.ENODEV, errno.ERANGE, errno.EINVAL})
"""What the kernel answers where no link has this name or number; no link can have some names."""


def links(channel: NetlinkSocket) -> tuple[Link, ...]:
    """Return all links in the kernel's order. Equivalent to: ip -details link show"""
    bodies = _link_bodies(channel)
    names = {_number_of(body): _name(body) for body in bodies}
    return tuple(_link(body, names.get) for body in bodies)


def link(channel: NetlinkSocket, name: str) -> Link | None:
    """Return the link of this name, or None. Equivalent to: ip -details link show NAME"""
    body = _called(channel, name)
    return _link(body, partial(_name_of, channel)) if body else None


def number(channel: NetlinkSocket, name: str) -> int | None:
    """Return the number of the link of this name, or None."""
    body = _called(channel, name)
    return _number_of(body) if body else None


def indices(channel: NetlinkSocket) -> dict[str, int]:
    """Return the number of each link by its name."""
    return {_name(body): _number_of(body) for body in _link_bodies(channel)}


def _called(channel: NetlinkSocket, name: str) -> bytes | None:
    """The kernel also knows a link by its alternative names; that is another one."""
    body = channel.ask(GETLINK, link_body(0, nlattr.name(IFNAME, name)), NO_LINK)
    return body if body and _name(body) == name else None


def _name_of(channel: NetlinkSocket, index: int) -> str | None:
    body = channel.ask(GETLINK, link_body(index), NO_LINK)
    return _name(body) if body else None


def _link_bodies(channel: NetlinkSocket) -> list[bytes]:
    return channel.dump(GETLINK, IFINFO.pack(0, 0, 0, 0, 0))


def _number_of(body: bytes) -> int:
    index: int = IFINFO.unpack_from(body)[2]
    return index


def _name(body: bytes) -> str:
    kinds = nlattr.attributes(body, IFINFO.size)
    return next(nlattr.text(body[at:end]) for kind, at, end in kinds if kind == IFNAME)


def _link(body: bytes, name_of: NameOf) -> Link:
    _, type, index, flags, _ = IFINFO.unpack_from(body)
    found = nlattr.found(body, IFINFO.size)
    info = nlattr.found(found.get(LINKINFO, b""))
    kind = nlattr.text(info.get(KIND, b""))
    port = nlattr.found(info.get(PORT_DATA, b"")) if info.get(PORT_KIND) == BRIDGE else None
    ipv6 = nlattr.found(nlattr.found(found.get(AF_SPEC, b"")).get(socket.AF_INET6, b""))
    controller, name = _number(found, MASTER), nlattr.text(found[IFNAME])
    return Link(
        index=index,
        name=name,
        kind=kind,
        mac=found.get(ADDRESS, b"").hex(":") if type in WITH_MAC else "",
        mtu=_number(found, MTU),
        up=bool(flags & UP),
        carrier=bool(flags & LOWER_UP),
        loopback=bool(flags & LOOPBACK),
        arp=not flags & NOARP,
        wireless=_is_station(name, index),
        controller=(name_of(controller) or f"if{controller}") if controller else None,
        lower=_lower(kind, found, nlattr.found(info.get(DATA, b"")), name_of),
        addrgenmode=ipv6[ADDRGENMODE][0] if ADDRGENMODE in ipv6 else None,
        bridge=_bridge(nlattr.found(info.get(DATA, b""))) if kind == "bridge" else None,
        port=None if port is None else _port(port),
        forwarding=port is not None and port.get(PORT_STATE) == bytes([FORWARDING]),
        qlen=_number(found, TXQLEN),
        group=_number(found, GROUP),
        alias=nlattr.text(found[ALIAS]) if ALIAS in found else None,
        token=_token(ipv6),
        altnames=tuple(_altnames(found.get(PROPERTIES, b""))),
    )


def _number(found: dict[int, bytes], kind: int) -> int:
    return nlattr.u32(found[kind]) if kind in found else 0


def _lower(
    kind: str, found: dict[int, bytes], data: dict[int, bytes], name_of: NameOf
) -> str | None:
    """A VXLAN names the link that it sends through among its own settings."""
    if kind == "veth":
        return None
    if kind == "vxlan":
        return name_of(_number(data, VXLAN_LINK))
    lower = _number(found, LOWER)
    return name_of(lower) if lower and LOWER_ELSEWHERE not in found else None


def _is_station(name: str, index: int) -> bool:
    folder = Path("/sys/class/net", name)
    if not (folder / "wireless").exists() and not (folder / "phy80211").exists():
        return False
    from bridgekit.netlink import nl80211  # slow to import, and few hosts need it

    return nl80211.is_station(index)


def _altnames(properties: bytes) -> Iterator[str]:
    for kind, at, end in nlattr.attributes(properties, 0):
        if kind == ALTNAME:
            yield nlattr.text(properties[at:end])


def _token(ipv6: dict[int, bytes]) -> str | None:
    token = ipv6.get(TOKEN, b"")
    return socket.inet_ntop(socket.AF_INET6, token) if any(token) else None


def _packed(found: dict[int, bytes], kinds: frozenset[int]) -> bytes:
    return b"".join(nlattr.attribute(k, found[k]) for k in sorted(found.keys() & kinds))


def _port(found: dict[int, bytes]) -> PortOptions:
    cost, priority = found.get(PORT_COST), found.get(PORT_PRIORITY)
    return PortOptions(
        path_cost=nlattr.u32(cost) if cost else None,
        priority=nlattr.U16.unpack(priority)[0] if priority else None,
        more=_packed(found, OTHER_PORT_SETTINGS),
    )


def _bridge(found: dict[int, bytes]) -> BridgeOptions:
    return BridgeOptions(
        stp=bool(_number(found, STP_STATE)),
        forward_delay=_number(found, FORWARD_DELAY),
        hello_time=_number(found, HELLO_TIME),
        max_age=_number(found, MAX_AGE),
        ageing_time=_number(found, AGEING_TIME),
        priority=nlattr.u16(found[BRIDGE_PRIORITY]),
        vlan_filtering=any(found.get(VLAN_FILTERING, b"")),
        default_pvid=nlattr.u16(found[DEFAULT_PVID]) if DEFAULT_PVID in found else 1,
        more=_packed(found, OTHER_BRIDGE_SETTINGS),
    )


def link_body(index: int, attributes: bytes = b"", up: bool | None = None) -> bytes:
    """A link's message: index 0 for one to be made; `up` None leaves that as it is."""
    flags, change = (0, 0) if up is None else (UP if up else 0, UP)
    return IFINFO.pack(0, 0, index, flags, change) + attributes


def new_bridge(name: str, settings: BridgeSettings) -> bytes:
    """A link's message that makes a bridge; an alias must be set afterwards."""
    attributes = nlattr.name(IFNAME, name) + b"".join(settings_attributes(settings))
    return link_body(0, attributes) + _info(KIND, DATA, _bridge_data(settings.options))


def settings_attributes(settings: BridgeSettings) -> tuple[bytes, ...]:
    """An attribute for each of the settings that every link has, without the alias."""
    return (
        nlattr.attribute(ADDRESS, bytes.fromhex(settings.mac.replace(":", ""))),
        nlattr.number(MTU, settings.mtu),
        nlattr.number(TXQLEN, settings.qlen),
        nlattr.number(GROUP, settings.group),
    )


def alias_attribute(alias: str) -> bytes:
    """An attribute that sets or, empty, takes off the alias."""
    return nlattr.attribute(ALIAS, alias.encode(errors="surrogateescape"))


def _bridge_data(options: BridgeOptions) -> bytes:
    """The settings by name come last: the kernel takes them in the order of its own numbers."""
    data = b"".join(
        nlattr.number(kind, value)
        for kind, value in (
            (FORWARD_DELAY, options.forward_delay),
            (HELLO_TIME, options.hello_time),
            (MAX_AGE, options.max_age),
            (AGEING_TIME, options.ageing_time),
            (STP_STATE, int(options.stp)),
        )
    )
    data += nlattr.attribute(BRIDGE_PRIORITY, nlattr.U16.pack(options.priority))
    if options.vlan_filtering:  # a kernel without VLANs refuses the word itself
        data += nlattr.attribute(VLAN_FILTERING, b"\1")
        data += nlattr.attribute(DEFAULT_PVID, nlattr.U16.pack(options.default_pvid))
    return data + options.more


def port_body(index: int, options: PortOptions) -> bytes:
    """A link's message that says how its bridge treats it."""
    data = options.more
    if options.path_cost is not None:
        data += nlattr.attribute(PORT_COST, nlattr.U32.pack(options.path_cost))
    if options.priority is not None:
        data += nlattr.attribute(PORT_PRIORITY, nlattr.U16.pack(options.priority))
    return link_body(index) + _info(PORT_KIND, PORT_DATA, data)


def _info(kind: int, data_kind: int, data: bytes) -> bytes:
    return nlattr.nested(LINKINFO, nlattr.attribute(kind, BRIDGE) + nlattr.nested(data_kind, data))


def set_addrgenmode(index: int, mode: int) -> Request:
    """Choose how link-local addresses are made (IN6_ADDR_GEN_MODE_); existing ones stay."""
    ipv6 = nlattr.nested(socket.AF_INET6, nlattr.attribute(ADDRGENMODE, bytes([mode])))
    return Request(SETLINK, link_body(index, nlattr.nested(AF_SPEC, ipv6)))
