"""A state with something of every kind, and what is seen when it changes."""

import struct

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.planning.diff import differ, differences
from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import (
    BridgeOptions,
    Link,
    Neighbour,
    PortOptions,
    StaticMac,
    Sysctl,
    Vlan,
)
from bridgekit.state.link_dns import LinkDns
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.block import RouteBlock
from bridgekit.state.routes.message import RTMSG
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import NHMSG, Nexthop, Rule
from bridgekit.uapi.fib_rules import FRA_PRIORITY, FRA_TABLE
from bridgekit.uapi.nexthop import NHA_GATEWAY, NHA_ID, NHA_OIF
from bridgekit.uapi.rtnetlink import (
    RTA_CACHEINFO,
    RTA_DST,
    RTA_GATEWAY,
    RTA_METRICS,
    RTA_OIF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_TABLE,
)

LINKS = ("eth0", "br0")
MAC, OTHER_MAC = "52:54:00:00:00:02", "52:54:00:00:00:03"
GATEWAY, OTHER_GATEWAY = bytes([192, 168, 1, 1]), bytes([192, 168, 1, 2])


def packed(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(nlattr.pack(kind, value) for kind, value in pairs)


def u32(number: int) -> bytes:
    return nlattr.U32.pack(number)


def route(bits: int = 16, flags: int = 0, top: tuple[int, ...] = (), **more: bytes | None) -> bytes:
    """A route to 10.9.0.0/16 by br0's gateway; an attribute that is None is left out."""
    tos, table, protocol, scope, kind = top or (0, 254, 4, 0, 1)
    attributes = {
        "table": (RTA_TABLE, u32(table)),
        "dst": (RTA_DST, bytes([10, 9, 0, 0])),
        "metric": (RTA_PRIORITY, u32(5)),
        "source": (RTA_PREFSRC, bytes([192, 168, 1, 4])),
        "gateway": (RTA_GATEWAY, GATEWAY),
        "oif": (RTA_OIF, u32(3)),
    }
    extra = {"metrics": RTA_METRICS, "cache": RTA_CACHEINFO}
    for name, value in more.items():
        attributes[name] = (extra.get(name) or attributes[name][0], value or b"")
    message = RTMSG.pack(IPV4, bits, 0, tos, table, protocol, scope, kind, flags)
    return message + packed(*(pair for pair in attributes.values() if pair[1]))


ROUTE = route()
BEHIND = route(source=None, oif=u32(2))
"""Of the same key as ROUTE, over the NIC."""
BLOCK = RouteBlock(route(24, source=None), bytes([24, 10, 1, 1, 0, 24, 10, 1, 2, 0]))
RULE = Rule(
    struct.pack("=BBBBBBBBI", IPV4, 0, 0, 0, 100, 0, 0, 1, 0)
    + packed((FRA_PRIORITY, u32(500)), (FRA_TABLE, u32(100)), (3, b"br0\0"))
)
OTHER_RULE = RULE.renamed("br0", "eth1")
HOP = NHMSG.pack(IPV4, 0, 4, 0) + packed(
    (NHA_ID, u32(7)), (NHA_GATEWAY, GATEWAY), (NHA_OIF, u32(0))
)
NIC = Link(
    *(2, "eth0", "veth", MAC, 1500, True, True),
    controller="br0",
    addrgenmode=1,
    port=PortOptions(100, 32, b"\x05\0\x01\0\x01\0\0\0"),
    forwarding=True,
    vlans=(Vlan(1, 1, True, True), Vlan(20, 30)),
)
BRIDGE = Link(
    *(3, "br0", "bridge", MAC, 1500, True, True),
    addrgenmode=0,
    bridge=BridgeOptions(more=b"\x05\0\x01\0\x01\0\0\0"),
)
OTHER = Link(4, "eth1", "veth", OTHER_MAC, 1500, True, True, addrgenmode=0)
V4 = Address("br0", IPV4, "192.168.1.4", 24, broadcast="192.168.1.255", label="br0", valid=900)
V6 = Address("br0", IPV6, "2001:db8::4", 64, preferred=500, valid=900)
STATE = NetworkState(
    links=(NIC, BRIDGE, OTHER),
    addresses=(
        *(V4, replace(V4, ip="192.168.1.5"), V6, replace(V6, ip="2001:db8::5")),
        Address("eth1", IPV4, "192.168.2.4", 24),
    ),
    routes=RouteSet(((2, "eth0"), (3, "br0"), (4, "eth1")), (ROUTE, BEHIND), (BLOCK,)),
    neighbours=(Neighbour("br0", IPV4, "192.168.1.9", MAC, 0x80),),
    rules=(RULE, OTHER_RULE),
    nexthops=(Nexthop(HOP, "br0"),),
    static_macs=(StaticMac("br0", "33:33:00:00:00:77"),),
    sysctls=(Sysctl("net/ipv4/conf/br0/arp_ignore", "1"),),
    clients=(DhcpClient("dhclient", "br0", ("-4",), "/run/dhclient.br0.pid"),),
    dns=(LinkDns("br0", (("dns", ("192.0.2.53",)),)),),
)
ENTRY = STATE.neighbours[0]


def found(changed: NetworkState) -> list[str]:
    """What the comparison says of a changed state; the opposite of what it says of the return."""
    there = seen(changed)
    turned = {"missing": "unexpected", "unexpected": "missing", "changed": "changed"}
    opposite = (turned[one.what] for one in differences(changed, STATE, LINKS))
    assert sorted(opposite) == sorted(one.partition(":")[0] for one in there)
    return there


def seen(changed: NetworkState) -> list[str]:
    there = differences(STATE, changed, LINKS)
    assert differ(STATE, changed, LINKS) == bool(there)
    return [str(one) for one in there]


def with_link(link: Link) -> NetworkState:
    """Put a link in the place of the one with its index."""
    return replace(STATE, links=tuple(link if x.index == link.index else x for x in STATE.links))


def fields(kind: type[Struct]) -> set[str]:
    return set(kind.__struct_fields__)


def with_routes(*messages: bytes) -> NetworkState:
    return replace(STATE, routes=replace(STATE.routes, messages=messages))
