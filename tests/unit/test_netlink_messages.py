"""What is asked of the kernel, as pyroute2, which shares no code with it, reads it."""

import struct
from typing import Any

import pytest
from msgspec.structs import replace
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from bridgekit.netlink import bridge_attributes
from bridgekit.netlink.address_neighbour import address_message, neighbour_message, request_message
from bridgekit.netlink.links import create_bridge_message
from bridgekit.netlink.message import NLMSGHDR
from bridgekit.state import nlattr
from bridgekit.state.address import FOREVER, IPV4, IPV6, Address
from bridgekit.state.link import BridgeOptions, BridgeSettings, Neighbour
from bridgekit.state.routes.message import RTMSG
from bridgekit.uapi.if_addr import IFA_F_PERMANENT, IFA_F_TENTATIVE
from bridgekit.uapi.neighbour import NUD_PERMANENT, NUD_REACHABLE, NUD_STALE
from bridgekit.uapi.rtnetlink import RTA_CACHEINFO, RTA_DST, RTA_METRICS, RTA_OIF

RTAX_MTU = 2
"""An attribute in RTA_METRICS: linux/rtnetlink.h."""
MAC = "52:54:00:00:00:99"
ADDRESS = Address("br0", IPV4, "192.0.2.4", 24, "192.0.2.9", metric=7, preferred=60, valid=90)


def read(kind: Any, body: bytes) -> Any:
    """Decode a message's body."""
    found = kind(NLMSGHDR.pack(16 + len(body), 0, 0, 0, 0) + body)
    found.decode()
    return found


def test_an_address() -> None:
    found = read(ifaddrmsg, address_message(ADDRESS, 5, IFA_F_PERMANENT | IFA_F_TENTATIVE))
    assert (found["index"], found["prefixlen"], found["family"]) == (5, 24, IPV4)
    assert found.get_attr("IFA_LOCAL") == "192.0.2.4"
    assert found.get_attr("IFA_ADDRESS") == "192.0.2.9"
    assert found.get_attr("IFA_FLAGS") == IFA_F_PERMANENT
    assert found.get_attr("IFA_RT_PRIORITY") == 7
    times = found.get_attr("IFA_CACHEINFO")
    assert (times["ifa_preferred"], times["ifa_valid"]) == (60, 90)


def test_an_address_that_stays() -> None:
    stays = replace(ADDRESS, peer=None, metric=0, preferred=FOREVER, valid=FOREVER)
    found = read(ifaddrmsg, address_message(stays, 5, stays.flags))
    assert found.get_attr("IFA_ADDRESS") == found.get_attr("IFA_LOCAL") == "192.0.2.4"
    assert found.get_attr("IFA_CACHEINFO") is found.get_attr("IFA_RT_PRIORITY") is None


@pytest.mark.parametrize(
    ("state", "sent"), [(NUD_REACHABLE, NUD_STALE), (NUD_PERMANENT, NUD_PERMANENT)]
)
def test_a_neighbour_that_comes_and_goes_is_proven_anew(state: int, sent: int) -> None:
    found = read(ndmsg, neighbour_message(Neighbour("br0", IPV4, "192.0.2.9", MAC, state), 5))
    assert (found["state"], found["ifindex"]) == (sent, 5)
    assert found.get_attr("NDA_LLADDR") == MAC


def test_a_route_goes_on_expiring() -> None:
    """The kernel tells the rest in ticks of rta_cacheinfo, and takes seconds in RTA_EXPIRES."""
    message = RTMSG.pack(IPV6, 64, 0, 0, 254, 9, 0, 1, 0)
    message += nlattr.pack(RTA_DST, bytes.fromhex("20010db8") + bytes(12))
    message += nlattr.pack_u32(RTA_OIF, 5)
    cache = struct.pack("=IIiIIIII", 0, 0, 4200, 0, 0, 0, 0, 0)
    found = read(rtmsg, request_message(message + nlattr.pack(RTA_CACHEINFO, cache)))
    assert found.get_attr("RTA_EXPIRES") == "2a:00:00:00"  # 42; pyroute2 shows it as bytes
    assert found.get_attr("RTA_CACHEINFO") is None


def test_a_route_keeps_its_metrics() -> None:
    message = RTMSG.pack(IPV4, 0, 0, 0, 254, 4, 0, 1, 0) + nlattr.pack_u32(RTA_OIF, 5)
    message += nlattr.pack(RTA_METRICS, nlattr.pack_u32(RTAX_MTU, 1400))
    found = read(rtmsg, request_message(message))
    assert found.get_attr("RTA_METRICS").get_attr("RTAX_MTU") == 1400


def test_a_bridge() -> None:
    options = BridgeOptions(True, 1500, 300, 1600, 20000, 4096, True, 7)
    settings = BridgeSettings(MAC, 1400, options, 555, 42)
    found = read(ifinfmsg, create_bridge_message("br0", settings))
    told = {name: found.get_attr(f"IFLA_{name}") for name in ("IFNAME", "MTU", "TXQLEN", "GROUP")}
    assert told == {"IFNAME": "br0", "MTU": 1400, "TXQLEN": 555, "GROUP": 42}
    data = found.get_attr("IFLA_LINKINFO").get_attr("IFLA_INFO_DATA")
    numbers = {
        "STP_STATE": 1,
        "FORWARD_DELAY": 1500,
        "HELLO_TIME": 300,
        "MAX_AGE": 1600,
        "AGEING_TIME": 20000,
        "PRIORITY": 4096,
        "VLAN_FILTERING": 1,
        "VLAN_DEFAULT_PVID": 7,
    }
    assert {name: data.get_attr(f"IFLA_BR_{name}") for name in numbers} == numbers


def test_a_bridge_is_read_as_it_is_made() -> None:
    options = BridgeOptions(True, 1500, 300, 1600, 20000, 4096, True, 7)
    packed = bridge_attributes.pack_bridge(options)
    assert bridge_attributes.parse_bridge(nlattr.parse(packed)) == options
