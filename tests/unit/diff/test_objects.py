"""Neighbours, MAC addresses, settings, rules, nexthop objects, DHCP clients and name servers."""

import pytest
from msgspec.structs import replace

from bridgekit.planning.diff import differences
from bridgekit.planning.operations import SetLinkDns
from bridgekit.state.address import IPV6
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import (
    Neighbour,
    StaticMac,
    Sysctl,
)
from bridgekit.state.link_dns import LinkDns
from bridgekit.state.rule_nexthop import Nexthop, Rule
from tests.unit.diff.states import (
    ENTRY,
    GATEWAY,
    HOP,
    LINKS,
    OTHER_GATEWAY,
    OTHER_MAC,
    OTHER_RULE,
    RULE,
    STATE,
    fields,
    found,
)

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
