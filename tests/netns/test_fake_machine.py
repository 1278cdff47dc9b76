"""The machine in memory (tests/support/fake_machine.py) does what this kernel does.

It is the ground of the unit tests of transactions; so the same plans are carried out on both, and
after every operation, there and back, both are in the same state.
"""

from collections.abc import Callable
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.host import machine
from bridgekit.lab.kernel import inside
from bridgekit.planning import operations as op
from bridgekit.planning.diff import differences
from bridgekit.planning.operations import Operation, inverted
from bridgekit.planning.plan_intent import plan_intent
from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.link import BridgeOptions, BridgeSettings, Link, StaticMac
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import RTMSG
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_PREFSRC, RTA_TABLE
from tests.cases.case import Case, unchanged
from tests.cases.folder import Folder
from tests.cases.record import CASES, made
from tests.support.fake_machine import FakeMachine

OTHER_HARDWARE = {"bridge-options": "this kernel has no VLANs", "rollback-lro": "a veth has no LRO"}
MADE = sorted(
    name
    for name, case in CASES.items()
    if case.change is unchanged and Folder.read(name).plan_result().plan.operations
    if name not in OTHER_HARDWARE
)
"""The cases that a lab's host can be brought into, and that have a plan."""
OF_EACH_RUN = {
    *("competing-between", "connected-route-removed", "existing-bridge-with-a-port", "ipv6-order"),
    *("multipath-both-legs-ipv6", "neighbours", "nexthop-groups", "rollback-of-a-foreign-bridge"),
    *("rules-of-equal-priority", "several-networks", "settings", "static-multicast"),
}


def same(fake: FakeMachine, intent_links: tuple[str, ...]) -> list[str]:
    """Return how the machine in memory and the kernel differ, read both ways, for every link."""
    ours, real = fake.kernel.snapshot(), machine.snapshot(*intent_links)
    links = {link.name for state in (ours, real) for link in state.links}
    both = (*differences(ours, real, links), *differences(real, with_choice(ours, real), links))
    return [str(one) for one in both]


def with_choice(ours: NetworkState, real: NetworkState) -> NetworkState:
    """Return the state with what the kernel chooses by itself for a new bridge and a new port."""

    def chosen(link: Link) -> Link:
        other = real.link(link.name)
        if other and link.bridge and other.bridge and not link.bridge.more:
            link = replace(link, bridge=replace(link.bridge, more=other.bridge.more))
        return replace(link, port=other.port) if other and link.port and other.port else link

    return replace(ours, links=tuple(map(chosen, ours.links)))


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n in OF_EACH_RUN else [pytest.mark.all]) for n in MADE],
)
def test_every_operation_has_the_same_effect(name: str) -> None:
    intent = CASES[name].intent
    with made(CASES[name]) as host, inside("net", host.pid):
        state = machine.snapshot(*intent.links)
        fake = FakeMachine(state)
        operations = plan_intent(state, intent).plan.operations
        assert operations
        for operation in operations:
            machine.execute(operation)
            fake.execute(operation)
            assert same(fake, intent.links) == [], operation
        for operation in inverted(operations):
            machine.execute(operation, rolling_back=True)
            fake.execute(operation, rolling_back=True)
            assert same(fake, intent.links) == [], operation


def route(state: NetworkState, to: str, gateway: str = "", source: str = "") -> RouteSet:
    """A route over eth0; without a gateway or a source as if someone gave none."""
    network, bits = to.split("/")
    packed = ip_address(network).packed
    family, scope = (IPV4, 0 if gateway else 253) if len(packed) == 4 else (IPV6, 0)
    index = state.require("eth0").index
    message = RTMSG.pack(family, int(bits), 0, 0, 254, 4, scope, 1, 0)
    message += nlattr.pack_u32(RTA_TABLE, 254) + nlattr.pack(RTA_DST, packed)
    message += nlattr.pack(RTA_GATEWAY, ip_address(gateway).packed) if gateway else b""
    message += nlattr.pack(RTA_PREFSRC, ip_address(source).packed) if source else b""
    return RouteSet(((index, "eth0"),), (message + nlattr.pack_u32(RTA_OIF, index),))


V4 = Address("eth0", IPV4, "192.168.1.4", 24, broadcast="192.168.1.255", label="eth0")
V6 = Address("eth0", IPV6, "2001:db8:1::4", 64)
NONE = RouteSet()
BRIDGE = BridgeSettings("02:00:00:00:00:01", 1500, BridgeOptions())
MAC = StaticMac("eth0", "33:33:00:00:00:77")
UNICAST = StaticMac("eth0", "02:00:00:00:00:77")


def refused(state: NetworkState) -> dict[str, Operation]:
    """Operations that the kernel refuses, by the reason."""
    defaults = state.routes.where(lambda message: message[1] == 0 and message[0] == IPV4)
    wrong = replace(defaults, names=tuple((n, "eth1") for n, _ in defaults.names))
    return {
        "address there already": op.AddAddresses("eth0", (V4,), NONE),
        "IPv6 address there already": op.AddAddresses("eth0", (V6,), NONE),
        "another scope in one network": op.AddAddresses(
            "eth0", (replace(V4, ip="192.168.1.5", scope=253),), NONE
        ),
        "no such address": op.RemoveAddresses("eth0", (replace(V4, ip="192.168.1.9"),), NONE),
        "no such IPv6 address": op.RemoveAddresses("eth0", (replace(V6, ip="2001:db8::9"),), NONE),
        "no link for an address": op.AddAddresses("eth9", (V4.on("eth9"),), NONE),
        "gateway out of reach": op.AddRoutes(route(state, "10.0.0.0/8", "172.16.0.1")),
        "IPv6 gateway out of reach": op.AddRoutes(route(state, "fd00::/8", "2001:db8:9::1")),
        "source that no link has": op.AddRoutes(route(state, "10.0.0.0/8", "", "10.9.9.9")),
        "route there already": op.AddRoutes(defaults),
        "no such route": op.RemoveRoutes(route(state, "10.0.0.0/8")),
        "no such IPv6 route": op.RemoveRoutes(route(state, "fd00::/8")),
        "somebody else's route": op.ReplaceRoutes(wrong, defaults.names),
        "bridge of a name in use": op.CreateBridge("eth1", BRIDGE),
        "no such bridge": op.DeleteBridge("br9", BRIDGE),
        "no such link": op.SetUp("eth9", True),
        "no such controller": op.SetController("eth0", None, "br9"),
        "a controller that is no bridge": op.SetController("eth0", None, "eth1"),
        "MAC address there already": op.AddStaticMacs("eth0", (UNICAST,)),
        "no such MAC address": op.RemoveStaticMacs(
            "eth0", (replace(MAC, mac="33:33:00:00:00:78"),)
        ),
        "no such setting": op.SetSysctl("net/ipv4/conf/eth9/arp_ignore", "0", "1"),
    }


ALSO_ROLLING_BACK = {
    *("another scope in one network", "gateway out of reach", "IPv6 gateway out of reach"),
    *("source that no link has", "no such controller", "a controller that is no bridge"),
}
"""What is refused while rolling back, too: nothing says that it is done already."""


def accepts(execute: Callable[..., None], operation: Operation, rolling_back: bool) -> bool:
    try:
        execute(operation, rolling_back)
    except BridgekitError:
        return False
    return True


def test_it_refuses_what_the_kernel_refuses() -> None:
    """As a change all are refused; while rolling back what is done already counts as done."""
    case = Case(("maddress add 33:33:00:00:00:77 dev eth0", "link set eth1 mtu 1500"))
    with made(case) as host, inside("net", host.pid):
        state = machine.snapshot("eth0", "br0")
        machine.execute(op.AddStaticMacs("eth0", (UNICAST,)))
        fake = FakeMachine(machine.snapshot("eth0", "br0"))
        for why, operation in refused(state).items():
            for rolling_back in (False, True):
                done = accepts(machine.execute, operation, rolling_back)
                assert accepts(fake.execute, operation, rolling_back) == done, (why, rolling_back)
                assert done == (rolling_back and why not in ALSO_ROLLING_BACK), (why, rolling_back)
            assert same(fake, ("eth0", "br0")) == [], why
