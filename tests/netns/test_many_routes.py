"""Routes by the hundred, which move together: exactly, and never over another's."""

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridgekit.application.plan import PlanRequest, plan_bridge
from bridgekit.errors import BridgekitError
from bridgekit.host import machine
from bridgekit.lab import state_dump
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.planning.operations import Operation, ReplaceRoutes, SetUp, inverted
from bridgekit.planning.plan import Plan
from bridgekit.transaction.store import Store
from tests.support.lasting import lasting
from tests.support.state import as_bridge, state

NOWHERE = Path("/nowhere")
SOMEONES = "route prepend 10.8.7.0/24 via 192.168.2.1"
"""Another's route, put before ours."""


def lines() -> Iterator[str]:
    """Routes of both families, by turns over two routers, some that share their place."""
    for number in range(400):
        yield f"route add 10.8.{number % 256}.0/{24 + number // 256} via 192.168.1.{1 + number % 2}"
        yield f"-6 route add 2001:db8:8:{number:x}::/64 via 2001:db8:1::1 metric {number % 3 + 1}"
    for number in range(100):
        yield f"route add 10.9.0.{number}/32 dev eth0 proto bird"
        yield f"route add 10.9.1.{number}/32 dev eth1"
    for number in range(0, 100, 9):
        yield f"route append 10.8.{number}.0/24 via 192.168.2.1"
        place = f"2001:db8:8:{number:x}::/64 metric {number % 3 + 1}"
        yield f"-6 route append {place} via 2001:db8:2::1"
    yield "route append 10.8.3.0/24 via 192.168.1.1 table 9"


@pytest.fixture
def busy(lab: Lab) -> Lab:
    """A lab whose host has those routes."""
    for family in ("", "-6"):
        mine = [line for line in lines() if line.startswith("-6") == bool(family)]
        text = "\n".join(line.removeprefix("-6 ") for line in mine)
        lab.run("host", "ip", *family.split(), "-batch", "-", stdin=text)
    lab.hosts["host"].settle()
    return lab


def planned(lab: Lab) -> Plan:
    with inside("net", lab.hosts["host"].pid):
        request = PlanRequest("eth0", "br0", NOWHERE, persist=None)
        return plan_bridge(request, Store(NOWHERE)).plan


def do(lab: Lab, plan: Plan, until: type = ReplaceRoutes) -> ReplaceRoutes:
    """Carry out the plan as far as this operation; return the one that replaces routes."""
    with inside("net", lab.hosts["host"].pid):
        for operation in takewhile(lambda one: not isinstance(one, until), plan.operations):
            machine.execute(operation)
    return next(one for one in plan.operations if isinstance(one, ReplaceRoutes))


def undo(lab: Lab, operations: tuple[Operation, ...]) -> None:
    with inside("net", lab.hosts["host"].pid):
        for operation in inverted(operations):
            machine.execute(operation, rolling_back=True)


def lost(before: state_dump.StateDump, lab: Lab) -> list[str]:
    """Without the order of the routes to fe80::/64, of which every link has its own."""
    found = lasting(before).difference(lasting(state(lab)))
    return [line for line in found if "fe80::/64" not in line]


def test_all_of_them_move_and_come_back(busy: Lab) -> None:
    before = state(busy)
    result = busy.bridgekit("plan", "eth0", "--no-persist").stdout
    assert re.search(r"route replace 10\.8\.\d+\.0/24 via 192.168.1.2 dev br0", result)
    assert re.search(r"… and 1\d\d more like it", result)
    every = json.loads(busy.bridgekit("plan", "eth0", "--json", "--all-routes").stdout)
    result = [line for one in every["operations"] for line in one["commands"]]
    assert sum("route replace 10.8." in line for line in result) == 401
    assert busy.bridgekit("apply", "eth0", "--yes").code == 0
    after = state(busy)
    assert as_bridge(before, "eth0") == as_bridge(after, "br0")
    assert len(as_bridge(after, "br0")) > 900
    second = [line for line in before.lines if '"eth1"' in line and '"eth0"' not in line]
    assert len(second) > 100 and set(second) <= set(after.lines)
    assert busy.bridgekit("rollback").code == 0
    assert before.difference(state(busy)) == []


def test_another_route_in_the_place_of_one_is_not_replaced(busy: Lab) -> None:
    """It came after the plan was made; the move stops, and the way back leaves it alone."""
    plan, before = planned(busy), state(busy)
    moving = do(busy, plan)
    busy.run("host", "ip", *SOMEONES.split())
    with inside("net", busy.hosts["host"].pid), pytest.raises(BridgekitError, match=r"10\.8\.7\.0"):
        machine.execute(moving)
    undo(busy, plan.operations)
    assert "10.8.7.0" in "".join(lost(before, busy))
    busy.run("host", "ip", *SOMEONES.replace("prepend", "delete").split())
    assert lost(before, busy) == []


def test_half_of_them_moved_come_back(busy: Lab) -> None:
    """The undo finds some moved, some not, and one lost."""
    plan, before = planned(busy), state(busy)
    moving = do(busy, plan)
    group = max(moving.before.blocks, key=len)
    half = next(group.split(len(group) // 2))
    some = replace(moving.before, messages=(), blocks=(half,))
    with inside("net", busy.hosts["host"].pid):
        machine.execute(ReplaceRoutes(replace(moving.before, blocks=()), moving.names))
        machine.execute(ReplaceRoutes(some, moving.names))
    busy.run("host", "ip", "route", "delete", "10.8.200.0/24")
    undo(busy, plan.operations)
    assert lost(before, busy) == []


def test_a_route_that_the_kernel_refuses_is_named(busy: Lab) -> None:
    """No route goes over a link that is down."""
    plan, before = planned(busy), state(busy)
    moving = do(busy, plan, until=SetUp)
    only = replace(moving.before, messages=())
    refused = r"the kernel refused: .* \(route 10\.9\.0\.0/32 dev br0 proto 12"
    with inside("net", busy.hosts["host"].pid), pytest.raises(BridgekitError, match=refused):
        machine.execute(ReplaceRoutes(only, moving.names))
    undo(busy, plan.operations[:1])
    assert lost(before, busy) == []
