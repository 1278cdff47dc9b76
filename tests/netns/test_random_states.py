"""States nobody wrote by hand: they move, answer as before, and come back, as iproute2 sees it."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, reject, seed, settings
from msgspec.structs import replace

from bridgekit.application.plan import PlanRequest, plan_bridge
from bridgekit.host import machine
from bridgekit.lab import state_dump
from bridgekit.lab.host import Host
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.planning.diff import differences
from bridgekit.planning.plan import Plan
from bridgekit.planning.planner import plan_operations
from bridgekit.planning.target_state import preserved_state, target_state
from bridgekit.state.routes import dump_parser
from bridgekit.transaction.store import Store
from tests.support import random_states
from tests.support.lasting import lasting

NOWHERE = Path("/nowhere")
SHARD, SHORT = 50, 2
SHARDS = int(os.environ.get("BRIDGEKIT_SHARDS", "8"))
"""With 40, by hand, there are 2,000 states."""
MANY = (1, dump_parser.MIN_BLOCK)
"""How many routes must be alike to be moved together; with 1 the few of a state are."""
DESTINATIONS = ("10.77.1.9", "10.78.5.5", "203.0.113.7", "192.168.1.7", "192.168.2.7", "10.20.0.7")
DESTINATIONS6 = (
    "2001:db8:77:1::9",
    "2001:db8:78::7",
    "2001:db8:1::7",
    "2001:db8:2::7",
    "fd00:7::7",
)
CANNOT = {
    "uneven-legs",
    "dead-leg",
    "inverted-rule",
    "indistinct-routes",
    "source-gone",
    "address-twice",
}
QUESTIONS = [
    f"route get {to}{source}{mark}"
    for to in (*DESTINATIONS, *DESTINATIONS6)
    for source in ("", f" from {'2001:db8:1::4' if ':' in to else '192.168.1.4'}")
    for mark in ("", " mark 7", " mark 9")
]


def answers(host: Host) -> str:
    """What the kernel would do with a packet, for each question; refusals count too."""
    argv = ("ip", "-force", "-batch", "-")
    result = host.run(*argv, stdin="\n".join(QUESTIONS), check=False)
    return (
        "\n".join(x.split("expires")[0].rstrip() for x in result.stdout.splitlines())
        + result.stderr
    )


def make(host: Host, lines: Iterable[str]) -> None:
    """Bring about as much of the state as the kernel takes."""
    for line in lines:
        family = ["-6"] if line.startswith("-6") else []
        argv = ["ip", "-n", host.namespace, *family, *line.removeprefix("-6").split()]
        if line.startswith("fdb"):
            words = f"fdb add 02:00:00:00:00:99{line[3:]} self permanent"
            argv = ["bridge", "-n", host.namespace, *words.split()]
        subprocess.run(argv, capture_output=True, check=False)


def settle(host: Host) -> None:
    """Wait until each IPv6 address that is up has its local route.

    One without DAD is never tentative, but its route comes from a work queue all the same
    (net/ipv6/addrconf.c, addrconf_dad_work).
    """

    def some_have_none() -> bool:
        links = ask(host, "address", "show", "up")
        addresses = {(x["ifname"], a["local"]) for x in links for a in x["addr_info"]}
        routes = ask(host, "route", "show", "table", "local")
        return not addresses <= {(route["dev"], route["dst"]) for route in routes}

    host.wait_while("route", some_have_none)


def ask(host: Host, *words: str) -> list[dict[str, Any]]:
    said = host.run("ip", "-6", "-j", *words).stdout
    answer: list[dict[str, Any]] = json.loads(said)
    return [one for one in answer if one]


def carry_out(plan: Plan) -> None:
    """Do what the plan says; the result must be the expectation."""
    for operation in plan.operations:
        machine.execute(operation)
    links = (plan.intent.nic, plan.intent.bridge)
    found = differences(target_state(plan.snapshot, plan.intent), machine.snapshot(*links), links)
    assert not found, (plan.intent.direction, [str(difference) for difference in found])


def there_and_back(host: Host) -> tuple[str, str, str]:
    """Migrate and return; what the kernel answered before, meanwhile and afterwards."""
    said = answers(host)
    with inside("net", host.pid):
        request = PlanRequest("eth0", "br0", NOWHERE, persist=None)
        draft = plan_bridge(request, Store(NOWHERE))
        if draft.refusals and {found.code for found in draft.refusals} <= CANNOT:
            reject()
        plan = draft.plan
        assert plan.operations
        carry_out(plan)
        meanwhile = answers(host)
        left = preserved_state(plan.snapshot, plan.intent)
        intent = replace(plan.intent, direction="unbridge", preserved=left)
        state = machine.snapshot("eth0", "br0")
        carry_out(Plan(intent, state, plan_operations(state, intent)))
    settle(host)
    return said, meanwhile, answers(host)


def moves_and_returns(
    bridge: Iterable[str], lines: Iterable[str], settings_made: list[tuple[str, str]]
) -> None:
    with Lab(f"random{os.getpid()}", host=random_states.BASE) as lab:
        host = lab.hosts["host"]
        host.sysctl("net.ipv6.conf.default.accept_dad", "0")  # a bridge's takes a second
        make(host, bridge)
        for key, value in settings_made:
            host.sysctl(f"net.{key.replace('/', '.')}", value)
        # forwarding that is turned on before an address has settled counts its anycast route twice
        make(host, lines)
        settle(host)
        before = state_dump.dump(host)
        said, meanwhile, afterwards = there_and_back(host)
        assert meanwhile == said.replace("eth0", "br0")
        assert afterwards == said
        assert lasting(before).difference(lasting(state_dump.dump(host))) == []


PROFILE = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate, Phase.shrink),
}
"""Seeded: the same states at every run. A new counterexample is for who looks for one, with
another seed, not for a run that judges a change."""


@pytest.mark.parametrize(
    "shard",
    [pytest.param(n, marks=[pytest.mark.all] if n >= SHORT else []) for n in range(SHARDS)],
)
def test_random_states_move_and_return(shard: int) -> None:
    """Fifty states in each shard, so that all processors have some."""

    @seed(int(os.environ.get("BRIDGEKIT_SEED", "0")) * 40 + shard)
    @settings(max_examples=SHARD, **PROFILE)  # type: ignore[arg-type]
    @given(random_states.bridge, random_states.states, random_states.sysctls)
    def check(bridge: tuple[str, ...], lines: list[str], made: list[tuple[str, str]]) -> None:
        note("\n".join([*bridge, *lines, *map(str, made)]))
        moves_and_returns(bridge, lines, made)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dump_parser, "MIN_BLOCK", MANY[shard % len(MANY)])
        check()
