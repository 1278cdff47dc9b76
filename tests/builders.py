"""A small host state made by hand: two addresses, three routes, a second link that competes."""

from ipaddress import ip_address

from msgspec.structs import replace

from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange, Plan
from bridgekit.planning.planner import plan_operations
from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.link import Link, Neighbour, Sysctl
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.block import RouteBlock
from bridgekit.state.routes.message import RTMSG
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.system.namespaces import NamespaceId
from bridgekit.transaction.record import Record
from bridgekit.uapi.rtnetlink import RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_TABLE


def route(link: int, dst: bytes, bits: int, gateway: bytes = b"", protocol: int = 4) -> bytes:
    """An IPv4 route message of the main table."""
    message = RTMSG.pack(IPV4, bits, 0, 0, 254, protocol, 0 if gateway else 253, 1, 0)
    message += nlattr.pack(RTA_TABLE, nlattr.U32.pack(254))
    message += nlattr.pack(RTA_DST, dst) if bits else b""
    message += nlattr.pack(RTA_GATEWAY, gateway) if gateway else b""
    return message + nlattr.pack(RTA_OIF, nlattr.U32.pack(link))


def link(index: int, name: str) -> Link:
    return Link(index, name, "veth", f"52:54:00:00:00:0{index}", 1500, True, True, addrgenmode=0)


def local(link: int, ip: str, bits: int = 0, kind: int = 2) -> bytes:
    """A route of the local table, as the kernel makes it."""
    packed = ip_address(ip).packed
    family, scope = (IPV4, 254) if len(packed) == 4 else (IPV6, 0)
    message = RTMSG.pack(family, bits or 8 * len(packed), 0, 0, 255, 2, scope, kind, 0)
    message += nlattr.pack(RTA_TABLE, nlattr.U32.pack(255)) + nlattr.pack(RTA_DST, packed)
    return message + nlattr.pack(RTA_OIF, nlattr.U32.pack(link))


GATEWAY_IP = bytes([192, 168, 1, 1])
OTHER_GATEWAY_IP = bytes([192, 168, 2, 1])
INTENT = Intent("eth0", "br0")
STATE = NetworkState(
    links=(link(2, "eth0"), link(3, "eth1")),
    addresses=(
        Address("eth0", IPV4, "192.168.1.4", 24, label="eth0"),
        Address("eth0", IPV4, "192.168.1.5", 24, label="eth0:1", flags=0x81),
        Address("eth0", IPV6, "2001:db8::4", 64),
        Address("eth1", IPV4, "192.168.2.4", 24, label="eth1"),
    ),
    routes=RouteSet(
        ((2, "eth0"), (3, "eth1")),
        (
            route(2, b"", 0, GATEWAY_IP),
            route(3, b"", 0, OTHER_GATEWAY_IP),
            route(3, bytes([10, 9, 0, 0]), 16, OTHER_GATEWAY_IP),
            route(2, bytes([10, 9, 0, 0]), 16, GATEWAY_IP),
            route(2, bytes([192, 168, 1, 0]), 24, protocol=2),
            *(local(2, ip) for ip in ("192.168.1.4", "192.168.1.5", "2001:db8::4")),
            local(3, "192.168.2.4"),
            local(2, "ff00::", 8, 5),
        ),
    ),
    neighbours=(Neighbour("eth0", IPV4, "192.168.1.9", "52:54:00:00:00:99", 0x80),),
    sysctls=(
        Sysctl("net/ipv4/conf/all/rp_filter", "1"),
        Sysctl("net/ipv4/conf/default/rp_filter", "1"),
        Sysctl("net/ipv4/conf/eth0/rp_filter", "1"),
        Sysctl("net/ipv6/conf/default/accept_ra", "1"),
        Sysctl("net/ipv6/conf/eth0/accept_ra", "1"),
    ),
)
TWO_PREFIXES = bytes([24, 10, 1, 1, 0, 32, 10, 1, 2, 9])
WITH_MANY = replace(
    STATE,
    routes=replace(
        STATE.routes,
        blocks=(
            RouteBlock(
                route(2, bytes(4), 24, GATEWAY_IP), bytes([24, 10, 1, 1, 0, 32, 10, 1, 2, 9])
            ),
        ),
    ),
)
"""With two more routes, kept as the many are."""

FILES = (FileChange("/etc/network/interfaces", b"old\n", b"new\n"),)
RECORD = Record(
    "000001-abcd",
    NamespaceId("boot", 1, False),
    0.0,
    Plan(INTENT, STATE, plan_operations(STATE, INTENT), FILES),
)
