"""Routes in interfaces(5), and by which link a state's routes reach an address."""

import pytest
from msgspec.structs import replace

from bridgekit.persistence.ifupdown.render_routes import route_lines
from bridgekit.state.routes.lookup import link_towards
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import RTPROT_KERNEL
from tests.builders import route

NETWORK = bytes((192, 168, 1, 0))
FIRST, SECOND = (route(2, NETWORK, 24, bytes((192, 168, 1, last))) for last in (9, 1))
CONNECTED = route(2, NETWORK, 24, protocol=RTPROT_KERNEL)
NAMES = ((2, "br0"), (3, "eth1"))
ROUTES = RouteSet(NAMES, (FIRST, SECOND, CONNECTED))


def test_routes_before_the_connected_one_are_put_there_in_their_order() -> None:
    """Each is put before all others, so the last of them comes first."""
    own = replace(ROUTES, messages=(FIRST, SECOND))
    lines = [line.value for line in route_lines(own, "br0", set(), ROUTES)]
    assert [line.partition("; ")[2].rpartition(" dev")[0] for line in lines] == [
        "ip route prepend 192.168.1.0/24 via 192.168.1.1",
        "ip route prepend 192.168.1.0/24 via 192.168.1.9",
    ]


def test_a_route_behind_the_connected_one_is_appended() -> None:
    own, routes = replace(ROUTES, messages=(FIRST,)), replace(ROUTES, messages=(CONNECTED, FIRST))
    (line,) = route_lines(own, "br0", set(), routes)
    assert "; ip route append 192.168.1.0/24 via 192.168.1.9" in line.value


LOOKED_UP = RouteSet(
    NAMES,
    (
        route(3, b"", 0, bytes((10, 0, 0, 1))),
        route(3, bytes((10, 1, 0, 0)), 16),
        route(2, bytes((10, 2, 0, 0)), 16),
        route(3, bytes((10, 2, 0, 0)), 17),
        route(2, bytes((10, 0, 0, 0)), 8),
    ),
)


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("10.0.0.1", "br0"),
        ("10.1.255.255", "eth1"),
        ("10.2.0.1", "eth1"),
        ("10.2.128.1", "br0"),
        ("11.0.0.1", None),  # by a default route
        ("2001:db8::1", None),
        ("gateway", None),
        ("", None),
    ],
)
def test_by_which_link_an_address_is_reached(address: str, link: str | None) -> None:
    assert link_towards(LOOKED_UP, address) == link
