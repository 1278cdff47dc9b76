"""The state as a whole, and what belongs to other links."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from bridgekit.planning.diff import differences
from bridgekit.state.address import IPV4, Address
from bridgekit.state.link import (
    Dependency,
    Manager,
    Neighbour,
    StaticMac,
)
from bridgekit.state.network_state import NetworkState
from bridgekit.state.rule_nexthop import Nexthop
from tests.unit.diff.states import (
    BEHIND,
    ENTRY,
    HOP,
    LINKS,
    MAC,
    ROUTE,
    RULE,
    STATE,
    fields,
    found,
    route,
    seen,
    u32,
    with_routes,
)

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
