"""Links in the kernel's messages: read them, and ask for changes.

See rtnetlink(7) and linux/if_link.h.
"""

import errno
import socket
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bridgekit.netlink import bridge_attributes
from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.state import nlattr
from bridgekit.state.link import BridgeSettings, Link, PortOptions
from bridgekit.uapi.if_bridge import BR_STATE_FORWARDING, IFLA_BRPORT_STATE
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
    IFLA_XDP,
    IFLA_XDP_ATTACHED,
    IFLA_XDP_PROG_ID,
)
from bridgekit.uapi.rtnetlink import RTM_GETLINK, RTM_SETLINK

WITH_MAC = (ARPHRD_ETHER, ARPHRD_LOOPBACK)  # of others an address can be anything
IFINFOMSG = struct.Struct("=BxHiII")
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
    return nlattr.get_u32(nlattr.parse(body, IFINFOMSG.size), IFLA_LINK) if body else 0


def xdp_program(sock: NetlinkSocket, name: str) -> tuple[int, int]:
    """Return how an XDP program is attached to this link (XDP_ATTACHED_*), and its number.

    Both are 0 without one.
    """
    body = _get_by_name(sock, name)
    found = nlattr.parse(body, IFINFOMSG.size).get(IFLA_XDP, b"") if body else b""
    xdp = nlattr.parse(found)
    return xdp.get(IFLA_XDP_ATTACHED, b"\0")[0], nlattr.get_u32(xdp, IFLA_XDP_PROG_ID)


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
    attributes = nlattr.parse(body, IFINFOMSG.size)
    info = nlattr.parse(attributes.get(IFLA_LINKINFO, b""))
    kind = nlattr.string(info.get(IFLA_INFO_KIND, b""))
    port = (
        nlattr.parse(info.get(IFLA_INFO_SLAVE_DATA, b""))
        if info.get(IFLA_INFO_SLAVE_KIND) == BRIDGE
        else None
    )
    ipv6 = nlattr.parse(nlattr.parse(attributes.get(IFLA_AF_SPEC, b"")).get(socket.AF_INET6, b""))
    controller, name = (
        nlattr.get_u32(attributes, IFLA_MASTER),
        nlattr.string(attributes[IFLA_IFNAME]),
    )
    return Link(
        index=index,
        name=name,
        kind=kind,
        mac=attributes.get(IFLA_ADDRESS, b"").hex(":") if type in WITH_MAC else "",
        mtu=nlattr.get_u32(attributes, IFLA_MTU),
        up=bool(flags & IFF_UP),
        carrier=bool(flags & IFF_LOWER_UP),
        loopback=bool(flags & IFF_LOOPBACK),
        arp=not flags & IFF_NOARP,
        wireless=_is_station(name, index),
        controller=(name_of(controller) or f"if{controller}") if controller else None,
        lower=_lower(kind, attributes, nlattr.parse(info.get(IFLA_INFO_DATA, b"")), name_of),
        addrgenmode=ipv6[IFLA_INET6_ADDR_GEN_MODE][0] if IFLA_INET6_ADDR_GEN_MODE in ipv6 else None,
        bridge=bridge_attributes.parse_bridge(nlattr.parse(info.get(IFLA_INFO_DATA, b"")))
        if kind == "bridge"
        else None,
        port=None if port is None else bridge_attributes.parse_port(port),
        forwarding=port is not None and port.get(IFLA_BRPORT_STATE) == bytes([BR_STATE_FORWARDING]),
        qlen=nlattr.get_u32(attributes, IFLA_TXQLEN),
        group=nlattr.get_u32(attributes, IFLA_GROUP),
        alias=nlattr.string(attributes[IFLA_IFALIAS]) if IFLA_IFALIAS in attributes else None,
        token=_token(ipv6),
        altnames=tuple(_altnames(attributes.get(IFLA_PROP_LIST, b""))),
    )


def _lower(
    kind: str, attributes: dict[int, bytes], data: dict[int, bytes], name_of: NameOf
) -> str | None:
    """Return the link below; a VXLAN names it among its own settings."""
    if kind == "veth":
        return None
    if kind == "vxlan":
        return name_of(nlattr.get_u32(data, IFLA_VXLAN_LINK))
    lower = nlattr.get_u32(attributes, IFLA_LINK)
    return name_of(lower) if lower and IFLA_LINK_NETNSID not in attributes else None


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


def link_message(index: int, attributes: bytes = b"", up: bool | None = None) -> bytes:
    """Return a link's message: index 0 for a new one; `up` None leaves that as it is."""
    flags, change = (0, 0) if up is None else (IFF_UP if up else 0, IFF_UP)
    return IFINFOMSG.pack(0, 0, index, flags, change) + attributes


def create_bridge_message(name: str, settings: BridgeSettings) -> bytes:
    """Return a message that creates a bridge; an alias must be set afterwards."""
    attributes = nlattr.pack_string(IFLA_IFNAME, name) + b"".join(settings_attributes(settings))
    kind = nlattr.pack(IFLA_INFO_KIND, BRIDGE)
    data = nlattr.pack_nested(IFLA_INFO_DATA, bridge_attributes.pack_bridge(settings.options))
    return link_message(0, attributes + nlattr.pack_nested(IFLA_LINKINFO, kind + data))


def port_message(index: int, options: PortOptions) -> bytes:
    """Return a message that sets the options of a port."""
    kind = nlattr.pack(IFLA_INFO_SLAVE_KIND, BRIDGE)
    data = nlattr.pack_nested(IFLA_INFO_SLAVE_DATA, bridge_attributes.pack_port(options))
    return link_message(index, nlattr.pack_nested(IFLA_LINKINFO, kind + data))


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


def set_addrgenmode(index: int, name: str, mode: int) -> Request:
    """Choose how link-local addresses are made (IN6_ADDR_GEN_MODE_); existing ones stay."""
    ipv6 = nlattr.pack_nested(socket.AF_INET6, nlattr.pack(IFLA_INET6_ADDR_GEN_MODE, bytes([mode])))
    body = link_message(index, nlattr.pack_nested(IFLA_AF_SPEC, ipv6))
    return Request(RTM_SETLINK, body, f"addrgenmode of {name}")
