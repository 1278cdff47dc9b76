"""What the values that are read from the kernel say of themselves."""

import pytest
from msgspec.structs import replace

from bridgekit.planning.operations import AddAddresses
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.dhcp_client import DhcpClient, with_metric
from bridgekit.state.link import Neighbour
from bridgekit.state.nlattr import pack, pack_u32
from bridgekit.state.routes.message import RTMSG, RTNEXTHOP, is_well_formed, without_state
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.state.rule_nexthop import FIB_RULE_HDR, NHMSG, Nexthop, Rule
from bridgekit.uapi.fib_rules import FIB_RULE_INVERT, FR_ACT_TO_TBL, FRA_PRIORITY
from bridgekit.uapi.if_addr import IFA_F_NODAD, IFA_F_PERMANENT, IFA_F_TENTATIVE
from bridgekit.uapi.neighbour import NTF_PROXY, NUD_NOARP, NUD_PERMANENT, NUD_STALE
from bridgekit.uapi.nexthop import NHA_ID, NHA_OIF
from bridgekit.uapi.rtnetlink import (
    RTA_MULTIPATH,
    RTA_PRIORITY,
    RTNH_F_DEAD,
    RTNH_F_ONLINK,
    RTPROT_DHCP,
)
from tests.builders import GATEWAY_IP, route

FIB_RULE_DETACHED, RTNH_F_LINKDOWN = 0x08, 0x10
"""Marks of the kernel that nobody sets: linux/fib_rules.h, linux/rtnetlink.h."""
MAC = "52:54:00:00:00:02"
OWN = Address("eth0", IPV6, "fe80::5054:ff:fe00:2", 64, scope=253)


@pytest.mark.parametrize(
    ("address", "made"),
    [
        (OWN, True),
        (replace(OWN, ip="fe80::1"), False),
        (replace(OWN, ip="fe80::1", protocol=3), True),
        (replace(OWN, scope=0), False),
        (Address("eth0", IPV4, "169.254.0.1", 16, scope=253, protocol=3), False),
    ],
)
def test_the_address_that_a_link_makes_by_itself(address: Address, made: bool) -> None:
    """Kernels before 5.18 do not say so: the interface identifier of RFC 4291 does."""
    assert address.made_for(MAC) == made


@pytest.mark.parametrize(
    ("flags", "nodad"),
    [
        (IFA_F_PERMANENT, True),
        (IFA_F_PERMANENT | IFA_F_TENTATIVE, False),
        (IFA_F_PERMANENT | IFA_F_NODAD, True),
    ],
)
def test_only_a_proven_address_needs_no_duplicate_detection(flags: int, nodad: bool) -> None:
    added = AddAddresses("br0", (Address("br0", IPV6, "2001:db8::4", 64, flags=flags),), RouteSet())
    (line,) = added.describe()
    assert line.count(" nodad") == nodad


@pytest.mark.parametrize(
    ("entry", "lasting"),
    [
        (Neighbour("eth0", IPV4, "192.0.2.1", MAC, NUD_PERMANENT), True),
        (Neighbour("eth0", IPV4, "192.0.2.1", MAC, NUD_NOARP), True),
        (Neighbour("eth0", IPV4, "192.0.2.1", "", 0, NTF_PROXY), True),
        (Neighbour("eth0", IPV4, "192.0.2.1", MAC, NUD_STALE, managed=True), True),
        (Neighbour("eth0", IPV4, "192.0.2.1", MAC, NUD_STALE), False),
    ],
)
def test_neighbours_that_stay_until_someone_removes_them(entry: Neighbour, lasting: bool) -> None:
    assert entry.lasting == lasting


def test_dhcpcd_keeps_the_metric_of_its_routes() -> None:
    """It would take 1000 and the number of the link: of br0 another one than of eth0."""
    leased = route(2, b"", 0, GATEWAY_IP, RTPROT_DHCP) + pack_u32(RTA_PRIORITY, 1002)
    routes = RouteSet(((2, "eth0"),), (leased,))
    client = DhcpClient("dhcpcd", "eth0", ("-4",), "/run/dhcpcd/eth0.pid")
    assert with_metric(client, routes).words == ("-4", "-m", "1002")
    assert with_metric(replace(client, words=("-m", "7")), routes).words == ("-m", "7")
    assert with_metric(client, RouteSet()) == client


def test_marks_of_the_moment_make_no_other_route() -> None:
    """Of the flags only onlink and pervasive were set by someone: ip-route(8)."""
    alive, dead = (
        RTMSG.pack(IPV4, 0, 0, 0, 254, 4, 0, 1, flags)
        + pack(RTA_MULTIPATH, RTNEXTHOP.pack(8, RTNH_F_ONLINK | flags, 0, 2))
        for flags in (0, RTNH_F_DEAD | RTNH_F_LINKDOWN)
    )
    assert without_state(dead) == without_state(alive) == alive


@pytest.mark.parametrize("size", [4, 12, 20])
def test_a_route_that_is_torn(size: int) -> None:
    whole = route(2, bytes([10, 0, 0, 0]), 8, GATEWAY_IP)
    assert is_well_formed(whole)
    assert not is_well_formed(whole[:size] + b"\x08")


def test_of_a_rules_flags_not_is_kept() -> None:
    shown = {}
    for flags in (0, FIB_RULE_INVERT, FIB_RULE_INVERT | FIB_RULE_DETACHED):
        message = FIB_RULE_HDR.pack(IPV4, 0, 0, 0, 254, 0, 0, FR_ACT_TO_TBL, flags)
        shown[flags] = Rule.read(message + pack_u32(FRA_PRIORITY, 7))
    plain, inverted, detached = shown.values()
    assert str(plain) == "priority 7 from all lookup main"
    assert str(inverted) == "priority 7 not from all lookup main"
    assert detached == inverted


def test_of_a_nexthops_flags_onlink_is_kept() -> None:
    attributes = pack_u32(NHA_ID, 5) + pack_u32(NHA_OIF, 2)
    alive, dead = (
        Nexthop.read(NHMSG.pack(IPV4, 253, 4, RTNH_F_ONLINK | flags) + attributes, {2: "eth0"})
        for flags in (0, RTNH_F_DEAD | RTNH_F_LINKDOWN)
    )
    assert alive == dead and str(alive) == "id 5 dev eth0 onlink"
