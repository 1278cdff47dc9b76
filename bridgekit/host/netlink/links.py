"""Links in the kernel's messages: read them, and ask for changes.

See rtnetlink(7) and linux/if_link.h.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from bridgekit.host.netlink.channel import Channel, Request
from bridgekit.host.netlink.messages import decoded, encoded, readable, text
from bridgekit.migration.operations import BridgeSettings
from bridgekit.model import wire
from bridgekit.model.links import BridgeOptions, Link, PortOptions

NEWLINK, DELLINK, GETLINK, SETLINK = 16, 17, 18, 19
IFNAME = 3
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
FORWARDING = 3
VXLAN_LINK = 3


def links(channel: Channel) -> tuple[Link, ...]:
    """Return all links in the kernel's order. Equivalent to: ip -details link show"""
    bodies = _link_bodies(channel)
    names = _names(bodies)
    return tuple(_link(body, names) for body in bodies)


def link(channel: Channel, name: str) -> Link | None:
    """Return the link of this name, or None. Equivalent to: ip -details link show NAME"""
    bodies = _link_bodies(channel)
    names = _names(bodies)
    mine = (body for body in bodies if names[IFINFO.unpack_from(body)[2]] == name)
    return next((_link(body, names) for body in mine), None)


def indices(channel: Channel) -> dict[str, int]:
    """Return the number of each link by its name."""
    return {name: index for index, name in _names(_link_bodies(channel)).items()}


def _link_bodies(channel: Channel) -> list[bytes]:
    return channel.dump(GETLINK, IFINFO.pack(0, 0, 0, 0, 0))


def _names(bodies: list[bytes]) -> dict[int, str]:
    return {
        IFINFO.unpack_from(body)[2]: wire.text(wire.found(body, IFINFO.size)[IFNAME])
        for body in bodies
    }


def _link(body: bytes, names: dict[int, str]) -> Link:
    message = decoded(ifinfmsg, body)
    info = message.get_attr("IFLA_LINKINFO")
    kind = (info.get_attr("IFLA_INFO_KIND") if info else None) or ""
    name = names[message["index"]]
    controller = message.get_attr("IFLA_MASTER")
    lower = message.get_attr("IFLA_LINK") if not message.get_attr("IFLA_LINK_NETNSID") else None
    return Link(
        index=message["index"],
        name=name,
        kind=kind,
        mac=message.get_attr("IFLA_ADDRESS") or "" if message["ifi_type"] in WITH_MAC else "",
        mtu=message.get_attr("IFLA_MTU") or 0,
        up=bool(message["flags"] & UP),
        carrier=bool(message["flags"] & LOWER_UP),
        loopback=bool(message["flags"] & LOOPBACK),
        arp=not message["flags"] & NOARP,
        wireless=_is_station(name, message["index"]),
        controller=names.get(controller, f"if{controller}") if controller else None,
        lower=names.get(lower) if lower and kind != "veth" else _under(kind, body, names),
        addrgenmode=_ipv6(message, "IFLA_INET6_ADDR_GEN_MODE"),
        token=_token(message),
        bridge=_bridge(info, _nested(body, DATA)) if kind == "bridge" else None,
        port=_port(_nested(body, PORT_DATA)) if _is_port(info) else None,
        forwarding=_nested(body, PORT_DATA).get(PORT_STATE) == bytes([FORWARDING]),
        qlen=message.get_attr("IFLA_TXQLEN") or 0,
        group=message.get_attr("IFLA_GROUP") or 0,
        alias=text(message, "IFLA_IFALIAS"),
        altnames=_altnames(message),
    )


def _under(kind: str, body: bytes, names: dict[int, str]) -> str | None:
    """A VXLAN names the link that it sends through among its own settings."""
    number = _nested(body, DATA).get(VXLAN_LINK) if kind == "vxlan" else None
    return names.get(wire.u32(number, 0)) if number else None


def _is_station(name: str, index: int) -> bool:
    folder = Path("/sys/class/net", name)
    if not (folder / "wireless").exists() and not (folder / "phy80211").exists():
        return False
    from bridgekit.host.netlink import wifi  # slow to import, and few hosts need it

    return wifi.is_station(index)


def _altnames(message: Any) -> tuple[str, ...]:
    properties = message.get_attr("IFLA_PROP_LIST")
    found = properties.get_attrs("IFLA_ALT_IFNAME") if properties else ()
    return tuple(readable(name) for name in found)


def _ipv6(message: Any, attribute: str) -> Any:
    spec = message.get_attr("IFLA_AF_SPEC")
    ipv6 = spec.get_attr("AF_INET6") if spec else None
    return ipv6.get_attr(attribute) if ipv6 else None


def _token(message: Any) -> str | None:
    token = _ipv6(message, "IFLA_INET6_TOKEN")
    return token if token not in (None, "::") else None


def _nested(body: bytes, kind: int) -> dict[int, bytes]:
    """Return the attributes of one part of a link's link information, by type."""
    info = wire.found(body, IFINFO.size).get(LINKINFO, b"")
    return wire.found(wire.found(info).get(kind, b""))


def _packed(found: dict[int, bytes], kinds: frozenset[int]) -> bytes:
    return b"".join(wire.attribute(k, found[k]) for k in sorted(found.keys() & kinds))


def _is_port(info: Any) -> bool:
    return bool(info and info.get_attr("IFLA_INFO_SLAVE_KIND") == "bridge")


def _port(found: dict[int, bytes]) -> PortOptions:
    cost, priority = found.get(PORT_COST), found.get(PORT_PRIORITY)
    return PortOptions(
        path_cost=wire.u32(cost, 0) if cost else None,
        priority=wire.U16.unpack(priority)[0] if priority else None,
        more=_packed(found, OTHER_PORT_SETTINGS),
    )


def _bridge(info: Any, found: dict[int, bytes]) -> BridgeOptions:
    data = info.get_attr("IFLA_INFO_DATA")
    return BridgeOptions(
        stp=bool(data.get_attr("IFLA_BR_STP_STATE")),
        forward_delay=data.get_attr("IFLA_BR_FORWARD_DELAY") or 0,
        hello_time=data.get_attr("IFLA_BR_HELLO_TIME") or 0,
        max_age=data.get_attr("IFLA_BR_MAX_AGE") or 0,
        ageing_time=data.get_attr("IFLA_BR_AGEING_TIME") or 0,
        priority=data.get_attr("IFLA_BR_PRIORITY") or 0,
        vlan_filtering=bool(data.get_attr("IFLA_BR_VLAN_FILTERING")),
        default_pvid=1 if (pvid := data.get_attr("IFLA_BR_VLAN_DEFAULT_PVID")) is None else pvid,
        more=_packed(found, OTHER_BRIDGE_SETTINGS),
    )


def link_body(
    index: int, attributes: Sequence[tuple[str, object]], up: bool | None = None
) -> bytes:
    """A link's message: index 0 for one to be made; `up` None leaves that as it is."""
    message = ifinfmsg()
    message["index"] = index
    if up is not None:
        message["change"], message["flags"] = UP, UP if up else 0
    message["attrs"] = attributes
    return encoded(message)


def new_bridge(name: str, settings: BridgeSettings) -> bytes:
    """A link's message that makes a bridge; an alias must be set afterwards."""
    attributes: list[tuple[str, object]] = [
        ("IFLA_IFNAME", name),
        ("IFLA_ADDRESS", settings.mac),
        ("IFLA_MTU", settings.mtu),
        ("IFLA_TXQLEN", settings.qlen),
        ("IFLA_GROUP", settings.group),
    ]
    return link_body(0, attributes) + _info(KIND, b"bridge", DATA, _bridge_data(settings.options))


def _bridge_data(options: BridgeOptions) -> bytes:
    """The settings by name come last: the kernel takes them in the order of its own numbers."""
    data = b"".join(
        wire.attribute(kind, wire.U32.pack(value))
        for kind, value in (
            (FORWARD_DELAY, options.forward_delay),
            (HELLO_TIME, options.hello_time),
            (MAX_AGE, options.max_age),
            (AGEING_TIME, options.ageing_time),
            (STP_STATE, int(options.stp)),
        )
    )
    data += wire.attribute(BRIDGE_PRIORITY, wire.U16.pack(options.priority))
    if options.vlan_filtering:  # a kernel without VLANs refuses the word itself
        data += wire.attribute(VLAN_FILTERING, b"\1")
        data += wire.attribute(DEFAULT_PVID, wire.U16.pack(options.default_pvid))
    return data + options.more


def port_body(index: int, options: PortOptions) -> bytes:
    """A link's message that says how its bridge treats it."""
    data = options.more
    if options.path_cost is not None:
        data += wire.attribute(PORT_COST, wire.U32.pack(options.path_cost))
    if options.priority is not None:
        data += wire.attribute(PORT_PRIORITY, wire.U16.pack(options.priority))
    return link_body(index, []) + _info(PORT_KIND, b"bridge", PORT_DATA, data)


def _info(kind: int, name: bytes, data_kind: int, data: bytes) -> bytes:
    body = wire.attribute(kind, name + b"\0") + wire.attribute(data_kind | wire.NESTED, data)
    return wire.attribute(LINKINFO | wire.NESTED, body)


def set_addrgenmode(index: int, mode: int) -> Request:
    """Choose how link-local addresses are made (IN6_ADDR_GEN_MODE_); existing ones stay."""
    ipv6 = ("AF_INET6", {"attrs": [("IFLA_INET6_ADDR_GEN_MODE", mode)]})
    return Request(SETLINK, link_body(index, [("IFLA_AF_SPEC", {"attrs": [ipv6]})]))
