"""Whatever step fails, before or after it took effect: the host is as before, and exit 4."""

from collections.abc import Callable

import pytest

from bridgekit.lab import layout, state_dump
from bridgekit.lab.topology import Lab
from tests.support.state import RULES_AND_NEXTHOPS
from tests.support.transactions import run_failing, steps


@pytest.mark.parametrize("moment", ["before", "after"])
def test_apply_failing_at_every_step(lab: Lab, moment: str) -> None:
    lab.ip("host", *RULES_AND_NEXTHOPS)
    lab.hosts["host"].sysctl("net.ipv4.conf.eth0.proxy_arp", "1")
    before, count = state_dump.dump(lab.hosts["host"]), steps(lab)
    assert count > 12
    for step in range(1, count + 1):
        assert run_failing(lab, step, moment, "apply", "eth0", "--yes") == 4, step
        assert before.difference(state_dump.dump(lab.hosts["host"])) == [], step
    assert run_failing(lab, count + 1, moment, "apply", "eth0", "--yes") == 0


def test_rollback_failing_at_every_step(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(host=layout.FULL)
    count = steps(lab)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    moved = state_dump.dump(lab.hosts["host"])
    for step in range(1, count + 1):
        assert run_failing(lab, step, "after", "rollback") == 4, step
        assert moved.difference(state_dump.dump(lab.hosts["host"])) == [], step
    assert lab.bridgekit("rollback").code == 0
