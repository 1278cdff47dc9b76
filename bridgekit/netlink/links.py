"""Links in the kernel's messages: read them, and ask for changes.

See rtnetlink(7) and linux/if_link.h.
"""

import errno
import socket
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.state import nlattr
from bridgekit.state.link import BridgeOptions, BridgeSettings, Link, PortOptions
from bridgekit.uapi.if_bridge import (
    BR_STATE_FORWARDING,
    IFLA_BR_AGEING_TIME,
    IFLA_BR_FORWARD_DELAY,
    IFLA_BR_GROUP_FWD_MASK,
    IFLA_BR_HELLO_TIME,
    IFLA_BR_MAX_AGE,
    IFLA_BR_MCAST_HASH_MAX,
    IFLA_BR_MCAST_IGMP_VERSION,
    IFLA_BR_MCAST_LAST_MEMBER_CNT,
    IFLA_BR_MCAST_LAST_MEMBER_INTVL,
    IFLA_BR_MCAST_MEMBERSHIP_INTVL,
    IFLA_BR_MCAST_MLD_VERSION,
    IFLA_BR_MCAST_QUERIER,
    IFLA_BR_MCAST_QUERIER_INTVL,
    IFLA_BR_MCAST_QUERY_INTVL,
    IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
    IFLA_BR_MCAST_QUERY_USE_IFADDR,
    IFLA_BR_MCAST_ROUTER,
    IFLA_BR_MCAST_SNOOPING,
    IFLA_BR_MCAST_STARTUP_QUERY_CNT,
    IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
    IFLA_BR_MCAST_STATS_ENABLED,
    IFLA_BR_NF_CALL_ARPTABLES,
    IFLA_BR_NF_CALL_IP6TABLES,
    IFLA_BR_NF_CALL_IPTABLES,
    IFLA_BR_PRIORITY,
    IFLA_BR_STP_STATE,
    IFLA_BR_VLAN_DEFAULT_PVID,
    IFLA_BR_VLAN_FILTERING,
    IFLA_BR_VLAN_PROTOCOL,
    IFLA_BR_VLAN_STATS_ENABLED,
    IFLA_BRPORT_BCAST_FLOOD,
    IFLA_BRPORT_COST,
    IFLA_BRPORT_FAST_LEAVE,
    IFLA_BRPORT_GROUP_FWD_MASK,
    IFLA_BRPORT_GUARD,
    IFLA_BRPORT_ISOLATED,
    IFLA_BRPORT_LEARNING,
    IFLA_BRPORT_LEARNING_SYNC,
    IFLA_BRPORT_MCAST_FLOOD,
    IFLA_BRPORT_MCAST_TO_UCAST,
    IFLA_BRPORT_MODE,
    IFLA_BRPORT_MULTICAST_ROUTER,
    IFLA_BRPORT_NEIGH_SUPPRESS,
    IFLA_BRPORT_PRIORITY,
    IFLA_BRPORT_PROTECT,
    IFLA_BRPORT_PROXYARP,
    IFLA_BRPORT_STATE,
    IFLA_BRPORT_UNICAST_FLOOD,
)
from bridgekit.uapi.if_link import (
    ARPHRD_ETHER,
    ARPHRD_LOOPBACK,
    IFF_LOOPBACK,
    IFF_LOWER_UP,
    IFF_NOARP,
    IFF_UP,
    IFLA_ADDRESS,
    IFLA_AF_SPEC,
    IFLA_ALT_IFNAME,
    IFLA_GROUP,
    IFLA_IFALIAS,
    IFLA_IFNAME,
    IFLA_INET6_ADDR_GEN_MODE,
    IFLA_INET6_TOKEN,
    IFLA_INFO_DATA,
    IFLA_INFO_KIND,
    IFLA_INFO_SLAVE_DATA,
    IFLA_INFO_SLAVE_KIND,
    IFLA_LINK,
    IFLA_LINK_NETNSID,
    IFLA_LINKINFO,
    IFLA_MASTER,
    IFLA_MTU,
    IFLA_PROP_LIST,
    IFLA_TXQLEN,
    IFLA_VXLAN_LINK,
)
from bridgekit.uapi.rtnetlink import RTM_GETLINK, RTM_SETLINK

WITH_MAC = (ARPHRD_ETHER, ARPHRD_LOOPBACK)  # of others an address can be anything
IFINFOMSG = struct.Struct("=BxHiII")
OTHER_BRIDGE_OPTIONS = frozenset(
    {
        IFLA_BR_VLAN_PROTOCOL,
        IFLA_BR_GROUP_FWD_MASK,
        IFLA_BR_MCAST_ROUTER,
        IFLA_BR_MCAST_SNOOPING,
        IFLA_BR_MCAST_QUERY_USE_IFADDR,
        IFLA_BR_MCAST_QUERIER,
        IFLA_BR_MCAST_HASH_MAX,
        IFLA_BR_MCAST_LAST_MEMBER_CNT,
        IFLA_BR_MCAST_STARTUP_QUERY_CNT,
        IFLA_BR_MCAST_LAST_MEMBER_INTVL,
        IFLA_BR_MCAST_MEMBERSHIP_INTVL,
        IFLA_BR_MCAST_QUERIER_INTVL,
        IFLA_BR_MCAST_QUERY_INTVL,
        IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
        IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
        IFLA_BR_NF_CALL_IPTABLES,
        IFLA_BR_NF_CALL_IP6TABLES,
        IFLA_BR_NF_CALL_ARPTABLES,
        IFLA_BR_VLAN_STATS_ENABLED,
        IFLA_BR_MCAST_STATS_ENABLED,
        IFLA_BR_MCAST_IGMP_VERSION,
        IFLA_BR_MCAST_MLD_VERSION,
    }
)
"""Those that can be set and that BridgeOptions does not name."""
OTHER_PORT_OPTIONS = frozenset(
    {
        IFLA_BRPORT_MODE,
        IFLA_BRPORT_GUARD,
        IFLA_BRPORT_PROTECT,
        IFLA_BRPORT_FAST_LEAVE,
        IFLA_BRPORT_LEARNING,
        IFLA_BRPORT_UNICAST_FLOOD,
        IFLA_BRPORT_PROXYARP,
        IFLA_BRPORT_LEARNING_SYNC,
        IFLA_BRPORT_MULTICAST_ROUTER,
        IFLA_BRPORT_MCAST_FLOOD,
        IFLA_BRPORT_MCAST_TO_UCAST,
        IFLA_BRPORT_BCAST_FLOOD,
        IFLA_BRPORT_GROUP_FWD_MASK,
        IFLA_BRPORT_NEIGH_SUPPRESS,
        IFLA_BRPORT_ISOLATED,
    }
)
"""Likewise for PortOptions."""
BRIDGE = b"bridge\0"
NameOf = Callable[[int], str | None]
NO_SUCH_LINK = frozenset({errno.ENODEV, errno.ERANGE, errno.EINVAL})
"""What the kernel answers where no link has this name or number; no link can have some names."""


def list_links(sock: NetlinkSocket) -> tuple[Link, ...]:
    """Return all links in the kernel's order.

    Equivalent to: ip -details link show
    """
    bodies = _dump_links(sock)
    names = {_index(body): _name(body) for body in bodies}
    return tuple(_link(body, names.get) for body in bodies)


def get_link(sock: NetlinkSocket, name: str) -> Link | None:
    """Return the link of this name, or None.

    Equivalent to: ip -details link show NAME
    """
    body = _get_by_name(sock, name)
    return _link(body, partial(_name_of_index, sock)) if body else None


def index_of(sock: NetlinkSocket, name: str) -> int | None:
    """Return the number of the link of this name, or None."""
    body = _get_by_name(sock, name)
    return _index(body) if body else None


def lower_index(sock: NetlinkSocket, name: str) -> int:
    """Return the index of the link below this one, or of a veth's other end; 0 if there is none.

    It counts in the namespace of that other link (IFLA_LINK).
    """
    body = _get_by_name(sock, name)
    return _u32(nlattr.parse(body, IFINFOMSG.size), IFLA_LINK) if body else 0


def index_by_name(sock: NetlinkSocket) -> dict[str, int]:
    """Return the number of each link by its name."""
    return {_name(body): _index(body) for body in _dump_links(sock)}


def _get_by_name(sock: NetlinkSocket, name: str) -> bytes | None:
    """Return the message of this link; the kernel would answer to an alternative name, too."""
    body = sock.get(
        RTM_GETLINK, link_message(0, nlattr.pack_string(IFLA_IFNAME, name)), NO_SUCH_LINK
    )
    return body if body and _name(body) == name else None


def _name_of_index(sock: NetlinkSocket, index: int) -> str | None:
    body = sock.get(RTM_GETLINK, link_message(index), NO_SUCH_LINK)
    return _name(body) if body else None


def _dump_links(sock: NetlinkSocket) -> list[bytes]:
    return sock.dump(RTM_GETLINK, IFINFOMSG.pack(0, 0, 0, 0, 0))


def _index(body: bytes) -> int:
    index: int = IFINFOMSG.unpack_from(body)[2]
    return index


def _name(body: bytes) -> str:
    kinds = nlattr.attributes(body, IFINFOMSG.size)
    return next(nlattr.string(body[at:end]) for kind, at, end in kinds if kind == IFLA_IFNAME)


def _link(body: bytes, name_of: NameOf) -> Link:
    _, type, index, flags, _ = IFINFOMSG.unpack_from(body)
    found = nlattr.parse(body, IFINFOMSG.size)
    info = nlattr.parse(found.get(IFLA_LINKINFO, b""))
    kind = nlattr.string(info.get(IFLA_INFO_KIND, b""))
    port = (
        nlattr.parse(info.get(IFLA_INFO_SLAVE_DATA, b""))
        if info.get(IFLA_INFO_SLAVE_KIND) == BRIDGE
        else None
    )
    ipv6 = nlattr.parse(nlattr.parse(found.get(IFLA_AF_SPEC, b"")).get(socket.AF_INET6, b""))
    controller, name = _u32(found, IFLA_MASTER), nlattr.string(found[IFLA_IFNAME])
    return Link(
        index=index,
        name=name,
        kind=kind,
        mac=found.get(IFLA_ADDRESS, b"").hex(":") if type in WITH_MAC else "",
        mtu=_u32(found, IFLA_MTU),
        up=bool(flags & IFF_UP),
        carrier=bool(flags & IFF_LOWER_UP),
        loopback=bool(flags & IFF_LOOPBACK),
        arp=not flags & IFF_NOARP,
        wireless=_is_station(name, index),
        controller=(name_of(controller) or f"if{controller}") if controller else None,
        lower=_lower(kind, found, nlattr.parse(info.get(IFLA_INFO_DATA, b"")), name_of),
        addrgenmode=ipv6[IFLA_INET6_ADDR_GEN_MODE][0] if IFLA_INET6_ADDR_GEN_MODE in ipv6 else None,
        bridge=_bridge(nlattr.parse(info.get(IFLA_INFO_DATA, b""))) if kind == "bridge" else None,
        port=None if port is None else _port(port),
        forwarding=port is not None and port.get(IFLA_BRPORT_STATE) == bytes([BR_STATE_FORWARDING]),
        qlen=_u32(found, IFLA_TXQLEN),
        group=_u32(found, IFLA_GROUP),
        alias=nlattr.string(found[IFLA_IFALIAS]) if IFLA_IFALIAS in found else None,
        token=_token(ipv6),
        altnames=tuple(_altnames(found.get(IFLA_PROP_LIST, b""))),
    )


def _u32(found: dict[int, bytes], kind: int) -> int:
    return nlattr.u32(found[kind]) if kind in found else 0


def _lower(
    kind: str, found: dict[int, bytes], data: dict[int, bytes], name_of: NameOf
) -> str | None:
    """Return the link below; a VXLAN names it among its own settings."""
    if kind == "veth":
        return None
    if kind == "vxlan":
        return name_of(_u32(data, IFLA_VXLAN_LINK))
    lower = _u32(found, IFLA_LINK)
    return name_of(lower) if lower and IFLA_LINK_NETNSID not in found else None


def _is_station(name: str, index: int) -> bool:
    folder = Path("/sys/class/net", name)
    if not (folder / "wireless").exists() and not (folder / "phy80211").exists():
        return False
    from bridgekit.netlink import nl80211  # slow to import, and few hosts need it

    return nl80211.is_station(index)


def _altnames(properties: bytes) -> Iterator[str]:
    for kind, at, end in nlattr.attributes(properties, 0):
        if kind == IFLA_ALT_IFNAME:
            yield nlattr.string(properties[at:end])


def _token(ipv6: dict[int, bytes]) -> str | None:
    token = ipv6.get(IFLA_INET6_TOKEN, b"")
    return socket.inet_ntop(socket.AF_INET6, token) if any(token) else None


def _packed(found: dict[int, bytes], kinds: frozenset[int]) -> bytes:
    return b"".join(nlattr.pack(k, found[k]) for k in sorted(found.keys() & kinds))


def _port(found: dict[int, bytes]) -> PortOptions:
    cost, priority = found.get(IFLA_BRPORT_COST), found.get(IFLA_BRPORT_PRIORITY)
    return PortOptions(
        path_cost=nlattr.u32(cost) if cost else None,
        priority=nlattr.U16.unpack(priority)[0] if priority else None,
        more=_packed(found, OTHER_PORT_OPTIONS),
    )


BRIDGE_TIMES = (
    ("forward_delay", IFLA_BR_FORWARD_DELAY),
    ("hello_time", IFLA_BR_HELLO_TIME),
    ("max_age", IFLA_BR_MAX_AGE),
    ("ageing_time", IFLA_BR_AGEING_TIME),
)
"""The options of a bridge that are times, in centiseconds, and their attributes."""


def _bridge(found: dict[int, bytes]) -> BridgeOptions:
    options = BridgeOptions(
        stp=bool(_u32(found, IFLA_BR_STP_STATE)),
        priority=nlattr.u16(found[IFLA_BR_PRIORITY]),
        vlan_filtering=any(found.get(IFLA_BR_VLAN_FILTERING, b"")),
        default_pvid=nlattr.u16(found[IFLA_BR_VLAN_DEFAULT_PVID])
        if IFLA_BR_VLAN_DEFAULT_PVID in found
        else 1,
        more=_packed(found, OTHER_BRIDGE_OPTIONS),
    )
    times = {field: _u32(found, kind) for field, kind in BRIDGE_TIMES}
    return replace(options, **times)


def link_message(index: int, attributes: bytes = b"", up: bool | None = None) -> bytes:
    """Return a link's message: index 0 for a new one; `up` None leaves that as it is."""
    flags, change = (0, 0) if up is None else (IFF_UP if up else 0, IFF_UP)
    return IFINFOMSG.pack(0, 0, index, flags, change) + attributes


def create_bridge_body(name: str, settings: BridgeSettings) -> bytes:
    """Return a message that creates a bridge; an alias must be set afterwards."""
    attributes = nlattr.pack_string(IFLA_IFNAME, name) + b"".join(settings_attributes(settings))
    return link_message(0, attributes) + _info(
        IFLA_INFO_KIND, IFLA_INFO_DATA, _bridge_data(settings.options)
    )


def settings_attributes(settings: BridgeSettings) -> tuple[bytes, ...]:
    """Return an attribute for each of the settings that every link has, but for the alias."""
    return (
        nlattr.pack(IFLA_ADDRESS, bytes.fromhex(settings.mac.replace(":", ""))),
        nlattr.pack_u32(IFLA_MTU, settings.mtu),
        nlattr.pack_u32(IFLA_TXQLEN, settings.qlen),
        nlattr.pack_u32(IFLA_GROUP, settings.group),
    )


def alias_attribute(alias: str) -> bytes:
    """Return an attribute that sets the alias or, empty, removes it."""
    return nlattr.pack(IFLA_IFALIAS, alias.encode(errors="surrogateescape"))


def _bridge_data(options: BridgeOptions) -> bytes:
    """Return IFLA_INFO_DATA of a bridge; the kernel takes it in the order of its own numbers."""
    data = b"".join(nlattr.pack_u32(kind, getattr(options, field)) for field, kind in BRIDGE_TIMES)
    data += nlattr.pack_u32(IFLA_BR_STP_STATE, int(options.stp))
    data += nlattr.pack(IFLA_BR_PRIORITY, nlattr.U16.pack(options.priority))
    if options.vlan_filtering:  # a kernel without VLANs refuses the word itself
        data += nlattr.pack(IFLA_BR_VLAN_FILTERING, b"\1")
        data += nlattr.pack(IFLA_BR_VLAN_DEFAULT_PVID, nlattr.U16.pack(options.default_pvid))
    return data + options.more


def port_message(index: int, options: PortOptions) -> bytes:
    """Return a message that sets the options of a port."""
    data = options.more
    if options.path_cost is not None:
        data += nlattr.pack(IFLA_BRPORT_COST, nlattr.U32.pack(options.path_cost))
    if options.priority is not None:
        data += nlattr.pack(IFLA_BRPORT_PRIORITY, nlattr.U16.pack(options.priority))
    return link_message(index) + _info(IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA, data)


def _info(kind: int, data_kind: int, data: bytes) -> bytes:
    return nlattr.pack_nested(
        IFLA_LINKINFO, nlattr.pack(kind, BRIDGE) + nlattr.pack_nested(data_kind, data)
    )


def set_addrgenmode(index: int, mode: int) -> Request:
    """Choose how link-local addresses are made (IN6_ADDR_GEN_MODE_); existing ones stay."""
    ipv6 = nlattr.pack_nested(socket.AF_INET6, nlattr.pack(IFLA_INET6_ADDR_GEN_MODE, bytes([mode])))
    return Request(RTM_SETLINK, link_message(index, nlattr.pack_nested(IFLA_AF_SPEC, ipv6)))
