"""Routes, and the order of those that compete."""

import pytest
from msgspec.structs import replace

from bridgekit.planning.diff import differences
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.block import RouteBlock
from bridgekit.uapi.rtnetlink import (
    RTAX_MTU,
    RTNH_F_DEAD,
    RTNH_F_ONLINK,
)
from tests.unit.diff.states import (
    BEHIND,
    BLOCK,
    LINKS,
    OTHER_GATEWAY,
    ROUTE,
    STATE,
    found,
    packed,
    route,
    u32,
    with_routes,
)

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
