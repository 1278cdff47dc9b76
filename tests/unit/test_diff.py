"""What the comparison of two states sees, field by field: change one, and exactly that comes.

The tables stand against the fields of the Structs: a new field without a row fails.
"""

import struct
from collections.abc import Callable, Iterator

import pytest
from msgspec import Struct
from msgspec.structs import replace

from bridgekit.planning.diff import COMPARED_FLAGS, differ, differences
from bridgekit.planning.operations import SetLinkDns
from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import (
    BridgeOptions,
    Dependency,
    Link,
    Manager,
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
from bridgekit.uapi import if_addr
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
    RTAX_MTU,
    RTNH_F_DEAD,
    RTNH_F_ONLINK,
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
Change = Callable[[NetworkState], NetworkState]


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


# links

OF_A_LINK: dict[str, tuple[object, str]] = {
    "kind": ("bond", ""),
    "mac": (OTHER_MAC, f"address {MAC}"),
    "mtu": (1400, "mtu 1500"),
    "up": (False, "up"),
    "loopback": (True, ""),
    "arp": (False, ""),
    "wireless": (True, ""),
    "controller": ("br1", "nomaster"),
    "lower": ("eth9", ""),
    "addrgenmode": (3, "addrgenmode eui64"),
    "lro": (True, ""),
    "qlen": (77, "txqueuelen 1000"),
    "group": (4, "group 0"),
    "alias": ("office", "alias ''"),
    "token": ("::7", ""),
    "altnames": (("enp0s1",), ""),
}
"""Another value for br0, and the arguments of `ip link set br0` that restore the old one."""
OF_A_LINK_BY_ITSELF = {"name", "bridge", "port", "vlans"}
IGNORED_OF_A_LINK: dict[str, tuple[object, str]] = {
    "index": (77, "names identify links; a bridge that is made again has another number"),
    "carrier": (False, "of the moment; a bridge has it from its ports"),
    "forwarding": (False, "of the moment; it is waited for when a port joins"),
}


def test_every_field_of_a_link_has_a_row() -> None:
    assert OF_A_LINK.keys() | OF_A_LINK_BY_ITSELF | IGNORED_OF_A_LINK.keys() == fields(Link)


@pytest.mark.parametrize("name", OF_A_LINK)
def test_a_field_of_a_link(name: str) -> None:
    value, words = OF_A_LINK[name]
    changed = with_link(replace(BRIDGE, **{name: value}))
    assert found(changed) == [f"changed: link br0: {name} {getattr(BRIDGE, name)} became {value}"]
    (one,) = differences(STATE, changed, LINKS)
    assert one.repair == ((f"ip link set br0 {words}",) if words else ())
    assert one.subject == f"link br0: {name}"


@pytest.mark.parametrize("name", IGNORED_OF_A_LINK)
def test_what_is_ignored_of_a_link(name: str) -> None:
    value, _reason = IGNORED_OF_A_LINK[name]
    changed = with_link(replace(NIC, **{name: value}))
    if name == "index":
        numbers = {"eth0": 77, "br0": 3, "eth1": 4}
        links = (replace(NIC, index=77), BRIDGE, OTHER)
        changed = replace(STATE, links=links, routes=STATE.routes.resolved(numbers))
    assert found(changed) == []


def test_a_link_that_goes_and_one_that_comes() -> None:
    changed = replace(STATE, links=(NIC, OTHER))
    assert found(changed) == ["missing: link br0"]
    made, up = differences(STATE, changed, LINKS)[0].repair[::2]
    assert made.startswith(f"ip link add br0 address {MAC} mtu 1500") and up.endswith("br0 up")
    (one,) = differences(changed, STATE, LINKS)
    assert (str(one), one.repair) == ("unexpected: link br0", ("ip link delete br0",))


def test_a_link_that_is_no_bridge_and_no_port_any_more() -> None:
    """All options are gone with it."""
    (one,) = found(with_link(replace(BRIDGE, bridge=None)))
    assert one.startswith("changed: link br0: bridge BridgeOptions(") and one.endswith("None")
    (one,) = found(with_link(replace(NIC, port=None)))
    assert one.startswith("changed: link eth0: port PortOptions(") and one.endswith("None")


@pytest.mark.parametrize("name", OF_A_LINK)
def test_another_link_may_change(name: str) -> None:
    value, _ = OF_A_LINK[name]
    assert found(with_link(replace(OTHER, **{name: value}))) == []


def other(value: object) -> object:
    """Another value of the same type."""
    kinds = {bool: lambda: not value, int: lambda: value + 1, bytes: lambda: value + b"\0\0\0\0"}
    return kinds[type(value)]()  # type: ignore[index]


@pytest.mark.parametrize("name", BridgeOptions.__struct_fields__)
def test_an_option_of_a_bridge(name: str) -> None:
    assert BRIDGE.bridge
    old = getattr(BRIDGE.bridge, name)
    changed = replace(BRIDGE, bridge=replace(BRIDGE.bridge, **{name: other(old)}))
    assert found(with_link(changed)) == [f"changed: link br0: {name} {old} became {other(old)}"]


def test_what_is_ignored_of_a_bridge() -> None:
    """With STP the topology changes its ageing time; what nobody asked for the kernel chooses."""
    assert BRIDGE.bridge
    for options, value in (
        (replace(BRIDGE.bridge, stp=True), {"ageing_time": 1500}),
        (replace(BRIDGE.bridge, more=b""), {"more": b"\x05\0\x01\0\0\0\0\0"}),
    ):
        wanted = with_link(replace(BRIDGE, bridge=options))
        actual = with_link(replace(BRIDGE, bridge=replace(options, **value)))
        assert differences(wanted, actual, LINKS) == ()


UNASKED = {"path_cost": None, "priority": None, "more": b""}


@pytest.mark.parametrize("name", PortOptions.__struct_fields__)
def test_an_option_of_a_port(name: str) -> None:
    assert NIC.port
    old = getattr(NIC.port, name)
    changed = with_link(replace(NIC, port=replace(NIC.port, **{name: other(old)})))
    assert found(changed) == [f"changed: link eth0: {name} {old} became {other(old)}"]
    unasked = with_link(replace(NIC, port=replace(NIC.port, **{name: UNASKED[name]})))
    assert differences(unasked, changed, LINKS) == ()


@pytest.mark.parametrize("name", Vlan.__struct_fields__)
def test_a_vlan(name: str) -> None:
    assert NIC.vlans
    first = NIC.vlans[0]
    vlan = replace(first, **{name: other(getattr(first, name)) if name != "first" else 0})
    changed = with_link(replace(NIC, vlans=(vlan, NIC.vlans[1])))
    assert found(changed) == [
        f"changed: link eth0: vlans {first}, vid 20-30 became {vlan}, vid 20-30"
    ]
    unasked = with_link(replace(NIC, vlans=None))
    assert differences(unasked, STATE, LINKS) == ()


# addresses

OF_AN_ADDRESS: dict[str, object] = {
    "link": "eth0",
    "ip": "192.168.1.77",
    "prefixlen": 25,
    "peer": "10.0.0.1",
    "broadcast": "192.168.1.0",
    "label": "br0:1",
    "scope": 253,
    "preferred": 0,
    "valid": 0xFFFFFFFF,
    "metric": 7,
    "protocol": 3,
}
FLAGS = {
    name: value
    for name, value in vars(if_addr).items()
    if name.startswith("IFA_F_") and isinstance(value, int)
}
IGNORED_FLAGS: dict[int, dict[str, str]] = {
    IPV4: {
        "IFA_F_NODAD": "IPv4 has no duplicate address detection",
        "IFA_F_HOMEADDRESS": "of Mobile IPv6",
        "IFA_F_TENTATIVE": "of IPv6's duplicate address detection",
        "IFA_F_DADFAILED": "of IPv6's duplicate address detection",
        "IFA_F_DEPRECATED": "follows from the preferred lifetime",
        "IFA_F_MANAGETEMPADDR": "IPv4 has no temporary addresses",
    },
    IPV6: {
        "IFA_F_SECONDARY": "for IPv6 it is IFA_F_TEMPORARY, which only the kernel can set",
        "IFA_F_TEMPORARY": "only the kernel can set it",
        "IFA_F_TENTATIVE": "of the moment",
        "IFA_F_DADFAILED": "of the moment; a plan for such an address is refused",
        "IFA_F_DEPRECATED": "follows from the preferred lifetime",
    },
}


def with_address(old: Address, new: Address) -> NetworkState:
    return replace(STATE, addresses=tuple(new if x == old else x for x in STATE.addresses))


def test_every_field_of_an_address_has_a_row() -> None:
    assert OF_AN_ADDRESS.keys() | {"family", "flags"} == fields(Address)
    assert all(ignored.keys() <= FLAGS.keys() for ignored in IGNORED_FLAGS.values())


@pytest.mark.parametrize("old", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("name", OF_AN_ADDRESS)
def test_a_field_of_an_address(old: Address, name: str) -> None:
    new = replace(old, **{name: OF_AN_ADDRESS[name]})
    assert found(with_address(old, new)) == [
        f"missing: address {old} dev br0",
        f"unexpected: address {new} dev {new.link}",
    ]
    missing, unexpected = differences(STATE, with_address(old, new), LINKS)
    assert missing.repair[0].startswith(f"ip address add {old} dev br0")
    assert unexpected.repair[0].startswith("ip address delete ")


@pytest.mark.parametrize("old", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_of_an_address(old: Address, name: str) -> None:
    compared = bool(COMPARED_FLAGS[old.family] & FLAGS[name])
    assert compared != (name in IGNORED_FLAGS[old.family]), f"{name}: compared or ignored?"
    changed = with_address(old, replace(old, flags=old.flags ^ FLAGS[name]))
    assert [one.partition(":")[0] for one in found(changed)] == (
        ["missing", "unexpected"] if compared else []
    )


@pytest.mark.parametrize("name", ["valid", "preferred"])
def test_of_a_lifetime_only_its_being_one_counts(name: str) -> None:
    assert found(with_address(V6, replace(V6, **{name: 333}))) == []


@pytest.mark.parametrize("family", [IPV4, IPV6])
def test_the_order_of_addresses(family: int) -> None:
    """Of several in a network the kernel chooses the first."""
    mine = [one for one in STATE.addresses_on("br0") if one.family == family]
    rest = [one for one in STATE.addresses if one not in mine]
    changed = replace(STATE, addresses=(*mine[::-1], *rest))
    assert found(changed) == ["changed: the order of the addresses of br0"]


# routes

OF_A_ROUTE: dict[str, bytes] = {
    "dst_len": route(17),
    "tos": route(top=(8, 254, 4, 0, 1)),
    "table": route(top=(0, 100, 4, 0, 1)),
    "protocol": route(top=(0, 254, 3, 0, 1)),
    "scope": route(top=(0, 254, 4, 253, 1)),
    "type": route(top=(0, 254, 4, 0, 6)),
    "flags": route(flags=RTNH_F_ONLINK),
    "destination": route(dst=bytes([10, 8, 0, 0])),
    "metric": route(metric=u32(6)),
    "source": route(source=bytes([192, 168, 1, 5])),
    "no source": route(source=None),
    "gateway": route(gateway=OTHER_GATEWAY),
    "no gateway": route(gateway=None),
    "link": route(oif=u32(2)),
    "metrics": route(metrics=packed((RTAX_MTU, u32(1400)))),
}
IGNORED_OF_A_ROUTE = {
    "flags": (route(flags=RTNH_F_DEAD), "of the moment"),
    "cache": (route(cache=bytes(32)), "how long it was not used, and errors"),
}


def with_routes(*messages: bytes) -> NetworkState:
    return replace(STATE, routes=replace(STATE.routes, messages=messages))


@pytest.mark.parametrize("name", OF_A_ROUTE)
def test_a_field_of_a_route(name: str) -> None:
    kinds = [one.partition(": ")[0::2] for one in found(with_routes(OF_A_ROUTE[name], BEHIND))]
    assert [(what, text.split()[0]) for what, text in kinds] == [
        ("missing", "route"),
        ("unexpected", "route"),
    ]
    missing, unexpected = differences(STATE, with_routes(OF_A_ROUTE[name], BEHIND), LINKS)
    assert missing.repair[0].startswith("ip route prepend 10.9.0.0/16 via 192.168.1.1 dev br0")
    assert unexpected.repair[0].startswith("ip route delete ")


@pytest.mark.parametrize("name", IGNORED_OF_A_ROUTE)
def test_what_is_ignored_of_a_route(name: str) -> None:
    message, _reason = IGNORED_OF_A_ROUTE[name]
    assert found(with_routes(message, BEHIND)) == []


def test_the_order_of_competing_routes() -> None:
    assert found(with_routes(BEHIND, ROUTE)) == [
        "changed: competing routes: over eth0, then br0 instead of br0, then eth0"
    ]


def test_a_route_that_is_there_twice() -> None:
    assert found(with_routes(ROUTE, ROUTE, BEHIND))[0].startswith("unexpected: route 10.9.0.0/16")


def with_block(block: RouteBlock) -> NetworkState:
    return replace(STATE, routes=replace(STATE.routes, blocks=(block,)))


def test_routes_that_are_kept_together() -> None:
    fewer = with_block(replace(BLOCK, prefixes=BLOCK.prefixes[:5]))
    (one,) = found(fewer)
    assert one.startswith("missing: route 10.1.2.0/24 via 192.168.1.1 dev br0")
    another = with_block(replace(BLOCK, sample=route(24, source=None, gateway=OTHER_GATEWAY)))
    whats = [one.partition(":")[0] for one in found(another)]
    assert whats == ["missing"] * 2 + ["unexpected"] * 2
    singly = replace(STATE.routes, messages=(ROUTE, BEHIND, *BLOCK.messages()), blocks=())
    assert found(replace(STATE, routes=singly)) == []


# neighbours, MAC addresses, settings, rules, nexthop objects, DHCP clients

ENTRY = STATE.neighbours[0]
OF_A_NEIGHBOUR: dict[str, object] = {
    "link": "eth0",
    "family": IPV6,
    "ip": "192.168.1.8",
    "mac": OTHER_MAC,
    "state": 0x40,
    "flags": 0x80,
    "protocol": 4,
    "managed": True,
}


def test_every_field_of_a_neighbour_has_a_row() -> None:
    assert OF_A_NEIGHBOUR.keys() == fields(Neighbour)


@pytest.mark.parametrize("name", OF_A_NEIGHBOUR)
def test_a_field_of_a_neighbour(name: str) -> None:
    new = replace(ENTRY, **{name: OF_A_NEIGHBOUR[name]})
    assert found(replace(STATE, neighbours=(new,))) == [
        f"missing: neighbour {ENTRY}",
        f"unexpected: neighbour {new}",
    ]


def test_neighbours_that_come_and_go_are_not_compared() -> None:
    stale = replace(ENTRY, ip="192.168.1.8", state=0x04)
    assert found(replace(STATE, neighbours=(ENTRY, stale))) == []


@pytest.mark.parametrize(("name", "value"), [("link", "eth0"), ("mac", "33:33:00:00:00:78")])
def test_a_field_of_a_static_mac(name: str, value: str) -> None:
    assert fields(StaticMac) == {"link", "mac"}
    (old,) = STATE.static_macs
    new = replace(old, **{name: value})
    assert found(replace(STATE, static_macs=(new,))) == [
        f"missing: MAC address {old}",
        f"unexpected: MAC address {new}",
    ]


def test_a_setting() -> None:
    """One that only one of the states has is not compared: the kernel has others, or none."""
    assert fields(Sysctl) == {"key", "value"}
    key = "net/ipv4/conf/br0/arp_ignore"
    changed = replace(STATE, sysctls=(Sysctl(key, "0"),))
    assert found(changed) == [f"changed: {key} is 0, not 1"]
    (one,) = differences(STATE, changed, LINKS)
    assert (one.repair, one.subject) == ((f"sysctl -w {key}=1",), key)
    assert found(replace(STATE, sysctls=())) == []
    elsewhere = (Sysctl("net/ipv4/conf/eth1/arp_ignore", "1"),)
    wanted = replace(STATE, sysctls=elsewhere)
    assert (
        differences(wanted, replace(wanted, sysctls=(replace(elsewhere[0], value="0"),)), LINKS)
        == ()
    )


def test_a_rule() -> None:
    assert fields(Rule) == {"message"}
    new = RULE.renamed("br0", "eth0")
    assert found(replace(STATE, rules=(new, OTHER_RULE))) == [
        f"missing: rule {RULE}",
        f"unexpected: rule {new}",
    ]
    assert found(replace(STATE, rules=(RULE, RULE, OTHER_RULE))) == [f"unexpected: rule {RULE}"]
    assert differences(STATE, replace(STATE, rules=(*STATE.rules, OTHER_RULE)), LINKS) == ()


def test_the_order_of_rules() -> None:
    assert found(replace(STATE, rules=STATE.rules[::-1])) == [
        "changed: the order of the policy rules"
    ]


@pytest.mark.parametrize(
    "new",
    [Nexthop(HOP, "eth0"), Nexthop(HOP.replace(GATEWAY, OTHER_GATEWAY), "br0")],
    ids=["link", "message"],
)
def test_a_field_of_a_nexthop_object(new: Nexthop) -> None:
    assert fields(Nexthop) == {"link", "message"}
    assert found(replace(STATE, nexthops=(new,))) == [
        f"missing: nexthop {STATE.nexthops[0]}",
        f"unexpected: nexthop {new}",
    ]


OF_A_CLIENT = {"program": "dhcpcd", "link": "eth0"}
IGNORED_OF_A_CLIENT = {
    "words": (("-6",), "how it was started"),
    "pid_file": ("/run/other.pid", "how it was started"),
    "leases": ("/var/lib/other", "how it was started"),
    "address": ("192.168.1.4", "an address is compared by itself"),
}


def test_every_field_of_a_dhcp_client_has_a_row() -> None:
    assert OF_A_CLIENT.keys() | IGNORED_OF_A_CLIENT.keys() == fields(DhcpClient)


@pytest.mark.parametrize("name", DhcpClient.__struct_fields__)
def test_a_field_of_a_dhcp_client(name: str) -> None:
    (old,) = STATE.clients
    value = OF_A_CLIENT.get(name) or IGNORED_OF_A_CLIENT[name][0]
    new = replace(old, **{name: value})
    compared = [f"missing: {old}", f"unexpected: {new}"]
    assert found(replace(STATE, clients=(new,))) == (compared if name in OF_A_CLIENT else [])


# the state as a whole

IGNORED_OF_A_STATE: dict[str, tuple[object, str]] = {
    "managers": ((Manager("networkd", "x"),), "it is checked before a change, and not part of one"),
    "dependencies": ((Dependency("socket", "x"),), "it is checked before a change"),
}
NO_LOSS = {"sysctls"}
"""A setting that cannot be read is not compared."""


@pytest.mark.parametrize("name", IGNORED_OF_A_STATE)
def test_what_is_ignored_of_a_state(name: str) -> None:
    value, _reason = IGNORED_OF_A_STATE[name]
    assert found(replace(STATE, **{name: value})) == []


COMPARED = sorted(fields(NetworkState) - IGNORED_OF_A_STATE.keys() - NO_LOSS)


@pytest.mark.parametrize("name", COMPARED)
def test_everything_else_of_a_state_that_is_lost_is_seen(name: str) -> None:
    """Whatever fields a state has: one that is empty is not as one that is full."""
    empty = getattr(NetworkState(), name)
    assert getattr(STATE, name) != empty
    lost = seen(replace(STATE, **{name: empty}))
    assert lost and all(one.startswith("missing: ") for one in lost)


def of_other_links() -> Iterator[tuple[str, NetworkState]]:
    address = Address("eth1", IPV4, "192.168.2.5", 24)
    yield "address", replace(STATE, addresses=(*STATE.addresses, address))
    entry = Neighbour("eth1", IPV4, "192.168.2.9", MAC, 0x80)
    yield "neighbour", replace(STATE, neighbours=(ENTRY, entry))
    mac = StaticMac("eth1", "33:33:00:00:00:77")
    yield "MAC address", replace(STATE, static_macs=(*STATE.static_macs, mac))
    yield "nexthop", replace(STATE, nexthops=(*STATE.nexthops, Nexthop(HOP, "eth1")))
    yield "route", with_routes(ROUTE, BEHIND, route(dst=bytes([10, 7, 0, 0]), oif=u32(4)))
    yield "rule", replace(STATE, rules=(*STATE.rules, RULE.renamed("br0", "eth2")))


@pytest.mark.parametrize(("what", "more"), list(of_other_links()))
def test_others_may_gain_but_not_lose(what: str, more: NetworkState) -> None:
    assert differences(STATE, more, LINKS) == ()
    (lost,) = differences(more, STATE, LINKS)
    assert str(lost).startswith(f"missing: {what} ")


def test_dns_settings_are_compared_where_some_are_wanted() -> None:
    """Another server, settings on the NIC too; none is wanted where an older version recorded."""
    (ours,) = STATE.dns
    other = LinkDns("br0", (("dns", ("192.0.2.54",)), ("domain", ("example.org",))))
    (changed,) = differences(STATE, replace(STATE, dns=(other,)), LINKS)
    mended = SetLinkDns("br0", other.settings, ours.settings)
    assert (changed.what, changed.operations) == ("changed", (mended,))
    (left,) = differences(STATE, replace(STATE, dns=(ours, ours.on("eth0"))), LINKS)
    mended = SetLinkDns("eth0", ours.settings, ())
    assert (left.what, left.operations, left.links) == ("unexpected", (mended,), ("eth0",))
    assert differences(replace(STATE, dns=()), STATE, LINKS) == ()
