"""Plans as values: every operation has an inverse, and JSON decodes to what was encoded."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bridgekit.errors import BridgekitError, UsageError
from bridgekit.planning import codec
from bridgekit.planning.diff import differences
from bridgekit.planning.intent import Intent
from bridgekit.planning.operations import SetController, SetSysctl, inverted
from bridgekit.planning.plan import FileChange, Plan
from bridgekit.planning.planner import plan_operations
from bridgekit.planning.target_state import bridged_state, restored_state, target_state
from tests.builders import INTENT, STATE, WITH_MANY

OLDER = Path(__file__).parent.parent / "netns/older"


def test_inverse_of_inverse_is_the_operation() -> None:
    operations = plan_operations(WITH_MANY, INTENT)
    assert len(operations) > 10
    for operation in operations:
        assert operation.inverse().inverse() == operation
    assert inverted(inverted(operations)) == operations


def test_the_inverse_leads_back() -> None:
    """Of what says both, before and after change places."""
    both = [
        one
        for one in plan_operations(WITH_MANY, INTENT)
        if isinstance(one, SetSysctl | SetController)
    ]
    assert {type(one) for one in both} == {SetSysctl, SetController}
    for one in both:
        back = one.inverse()
        assert (back.before, back.after) == (one.after, one.before) != (one.before, one.after)


def test_every_operation_says_what_it_does() -> None:
    for operation in (*plan_operations(STATE, INTENT), *inverted(plan_operations(STATE, INTENT))):
        assert all(line.split()[0] in ("ip", "sysctl") for line in operation.describe())


def test_the_order_of_competing_routes_counts() -> None:
    """Of several routes in one place the kernel uses the first."""
    turned = replace(STATE.routes, messages=STATE.routes.messages[::-1])
    assert any(
        "competing" in str(one)
        for one in differences(STATE, replace(STATE, routes=turned), ("eth0", "br0"))
    )


def test_a_plan_of_another_schema_is_refused() -> None:
    data = codec.encode(Plan(INTENT, STATE, ()))
    newer = data.replace(b'{"schema":3,', b'{"schema":4,', 1)
    assert newer != data
    with pytest.raises(UsageError, match="this plan has schema 4; this program knows 3"):
        codec.decode(newer)


@pytest.mark.parametrize("length", [6, 30])
def test_a_plan_with_a_torn_route_is_refused(length: int) -> None:
    torn = tuple(message[:length] for message in STATE.routes.messages)
    state = replace(STATE, routes=replace(STATE.routes, messages=torn))
    with pytest.raises(UsageError, match="a route in it is torn"):
        codec.decode(codec.encode(Plan(INTENT, state, ())))


def test_the_nic_and_the_bridge_have_two_names() -> None:
    with pytest.raises(UsageError, match="both called eth0"):
        Intent("eth0", "eth0")


def test_json_round_trip() -> None:
    files = (FileChange("/etc/network/interfaces", b"\xff old", None),)
    plan = Plan(INTENT, WITH_MANY, plan_operations(WITH_MANY, INTENT), files)
    assert codec.decode(codec.encode(plan)) == plan


@pytest.mark.parametrize(
    "path", sorted(OLDER.rglob("*/plan.json")), ids=lambda path: path.parent.name
)
def test_older_plans_read_and_write_the_same(path: Path) -> None:
    """Written anew they have what did not exist then, empty."""
    written = json.loads(path.read_bytes())
    for state in (written["snapshot"], written["intent"]["left"]):
        state.setdefault("dns", [])
    assert json.loads(codec.encode(codec.decode(path.read_bytes()))) == written


@given(st.integers(0, 2**32))
def test_hostile_plans_end_in_a_sentence(seed: int) -> None:
    data = bytearray(codec.encode(Plan(INTENT, WITH_MANY, plan_operations(WITH_MANY, INTENT))))
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 5)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        codec.decode(bytes(data[: chance.randint(0, len(data))]))
    except UsageError as error:
        assert "plan" in str(error) or "interface" in str(error)


def test_a_plan_whose_state_lacks_the_nic_ends_in_a_sentence() -> None:
    """Anybody may have written it: the operations are of eth0, the state is of another host."""
    empty = replace(WITH_MANY, links=())
    with pytest.raises(BridgekitError, match="has no link eth0"):
        target_state(empty, INTENT)


ODD_NAMES = ("", ".", "..", "a b", "a/b", "eth0:1", "x" * 16, "ö" * 8, "br%d", "all", "default")
UNREADABLE_NAMES = ("a\nb", "\x1b[1m", "\0", "\udcff", "\u202eab")


@pytest.mark.parametrize("name", [*ODD_NAMES, *UNREADABLE_NAMES])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        Intent("eth0", name)


def test_bridging_and_rolling_back_gives_the_start() -> None:
    """The two target states are each other's opposite, without any planner."""
    there = bridged_state(STATE, INTENT)
    assert differences(STATE, restored_state(there, INTENT), ("eth0", "br0")) == ()
    assert differences(STATE, there, ("eth0", "br0"))
