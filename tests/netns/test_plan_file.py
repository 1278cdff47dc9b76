"""A plan in a file, which anyone may have written: it is carried out only if all in it is so."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from bridgekit.lab.host import Result
from bridgekit.lab.topology import Lab
from tests.support.state import state

PLAN = "/run/plan"
MINE = base64.b64encode(b"mine\n").decode()
Plan = dict[str, Any]


def saved(lab: Lab) -> Plan:
    assert lab.bridgekit("plan", "eth0", "--out", PLAN).code == 0
    return dict(json.loads(lab.run("host", "cat", PLAN).stdout))


def apply(lab: Lab, plan: Plan) -> Result:
    lab.run("host", "tee", PLAN, stdin=json.dumps(plan))
    return lab.bridgekit("apply", "--plan", PLAN, "--yes")


def new_file(path: str) -> Callable[[Plan], None]:
    return lambda plan: plan["files"].append({"path": path, "before": None, "after": MINE})


def renamed_file(path: str) -> Callable[[Plan], None]:
    return lambda plan: plan["files"][-1].update(path=path)


STRANGE = {
    "another file": new_file("/run/evil"),
    "a path that leads elsewhere": new_file("/etc/network/../../run/evil"),
    "a file beside the right one": new_file("/etc/network/evil"),
    "a file in place of the right one": renamed_file("/run/evil"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_it_writes_no_file_that_is_none_of_ifupdowns(lab: Lab, what: str) -> None:
    before = state(lab)
    plan = saved(lab)
    STRANGE[what](plan)
    refused = apply(lab, plan)
    assert refused.code == 3 and "no interfaces file that is known here" in refused.stderr, refused
    assert "evil" in refused.stderr and "nothing was changed" in refused.stderr, refused
    assert lab.run("host", "sh", "-c", "ls /run/evil /etc/network/evil", check=False).code != 0
    assert before.difference(state(lab)) == []


@pytest.mark.parametrize("edit", ["# mine\n", "\n", "iface eth7 inet manual\n"])
def test_a_file_that_was_edited_since_makes_it_stale(lab: Lab, edit: str) -> None:
    saved(lab)
    lab.write_interfaces(lab.read_interfaces() + edit)
    before = state(lab)
    refused = lab.bridgekit("apply", "--plan", PLAN, "--yes")
    assert refused.code == 3 and "edited: /etc/network/interfaces" in refused.stderr, refused
    assert "nothing was changed; plan again" in refused.stderr, refused
    assert before.difference(state(lab)) == []


def test_a_plan_nobody_touched_is_carried_out(lab: Lab) -> None:
    assert apply(lab, saved(lab)).code == 0
    assert "auto br0" in lab.read_interfaces()
