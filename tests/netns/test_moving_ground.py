"""The host changes while we look or work: links vanish, tables never hold still, all is large."""

import json
import subprocess
from pathlib import Path

import pytest

from bridgekit.application.plan import PlanRequest, plan_bridge
from bridgekit.errors import RefusedError
from bridgekit.lab.host import Result
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.netlink.message import DumpConsumer
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.transaction.store import Store
from tests.support.programs import program
from tests.support.result import ends_in_a_sentence
from tests.support.state import state

DELETE, RENAME = "link delete eth0", "link set eth0 name lan0"


def apply_meddled(lab: Lab, step: int, command: str) -> Result:
    argv = program("faults", "meddle", str(step), command, "apply", "eth0", "--yes")
    return lab.run("host", *argv, check=False)


def steps(lab: Lab) -> int:
    return len(json.loads(lab.bridgekit("plan", "eth0", "--json").stdout)["operations"])


@pytest.mark.parametrize("command", [DELETE, RENAME])
def test_a_link_that_is_gone_since_the_plan(lab: Lab, command: str) -> None:
    assert lab.bridgekit("plan", "eth0", "--out", "/run/plan").code == 0
    lab.ip("host", command)
    before = state(lab)
    told = lab.bridgekit("apply", "--plan", "/run/plan", "--yes")
    ends_in_a_sentence(told, 3, "there is no interface eth0")
    assert before.difference(state(lab)) == []


@pytest.mark.all
@pytest.mark.parametrize(
    ("command", "part"), [(DELETE, 0.01), (DELETE, 0.5), (DELETE, 1), (RENAME, 0.5)]
)
def test_a_link_that_goes_while_apply_runs(lab: Lab, command: str, part: float) -> None:
    """It can't be as before: what differs is listed, and all else is as before."""
    told = apply_meddled(lab, max(1, round(steps(lab) * part)), command)
    ends = told.stderr[told.stderr.index("bridgekit: ") :]
    assert told.code == 5 and "Traceback" not in ends, told
    assert "missing: link eth0" in ends and "missing: address 192.168.1.4/24" in ends
    links = json.loads(lab.run("host", "ip", "-j", "link", "show").stdout)
    assert "br0" not in [link["ifname"] for link in links]
    assert lab.bridgekit("status").code == 0
    assert "auto eth0" in lab.read_interfaces()


@pytest.mark.parametrize("moment", ["ReplaceRoutes", "RemoveAddresses"])
def test_the_second_nic_is_as_before_when_the_first_is_gone(lab: Lab, moment: str) -> None:
    """Once eth0's routes are gone, to replace them would replace eth1's of the same key."""
    second = state(lab).about('"eth1"')
    plan = json.loads(lab.bridgekit("plan", "eth0", "--json").stdout)
    step = 1 + [operation["kind"] for operation in plan["operations"]].index(moment)
    assert apply_meddled(lab, step, DELETE).code == 5
    alone = [line for line in second.lines if '"eth0"' not in line]
    assert set(alone) - set(state(lab).lines) == set()


MANY_ADDRESSES = [f"address add 10.100.{n // 250}.{n % 250}/24 dev eth0" for n in range(1000)]
MANY_NEIGHBOURS = [
    f"neighbour add 10.101.{n // 250}.{n % 250} lladdr 52:54:00:00:00:99 dev eth0 nud permanent"
    for n in range(5000)
]


def test_thousands_of_things_are_planned(lab: Lab) -> None:
    lab.ip("host", *MANY_ADDRESSES, *MANY_NEIGHBOURS)
    told = lab.bridgekit("plan", "eth0", "--no-persist")
    assert told.code == 0, told
    shown = told.stdout.splitlines()
    assert sum("ip address add 10.100." in line for line in shown) == 1000
    assert sum("ip neighbour replace 10.101." in line for line in shown) == 5000


@pytest.mark.all
def test_thousands_of_things_move(lab: Lab) -> None:
    lab.ip("host", *MANY_ADDRESSES, *MANY_NEIGHBOURS)
    before = state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0
    shown = lab.run("host", "ip", "-4", "-o", "address", "show", "dev", "br0").stdout
    assert shown.count("inet 10.100.") == 1000
    told = lab.run("host", "ip", "neighbour", "show", "nud", "permanent", "dev", "br0").stdout
    assert len(told.splitlines()) == 5000
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(state(lab)) == []


CHURN = [
    f"{kind} {'add' if adds else 'del'} 10.66.{n}.{rest} dev eth1"
    for n in range(10)
    for kind, rest in (("address", "1/24"), ("route", "64/26 via 192.168.2.1"))
    for adds in (True, False)
]


@pytest.mark.all
def test_tables_that_never_hold_still(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each plan is the same as in quiet, or there is none; and the kernel did interrupt us."""
    lab.ip("host", *MANY_ADDRESSES)
    interrupted = 0
    real = NetlinkSocket._dump_once

    def counting(sock: NetlinkSocket, kind: int, body: bytes, sink: DumpConsumer) -> bool:
        nonlocal interrupted
        whole = real(sock, kind, body, sink)
        interrupted += not whole
        return whole

    monkeypatch.setattr(NetlinkSocket, "_dump_once", counting)
    with inside("net", lab.hosts["host"].pid):
        quiet, plans = words(), []
        churn = lab.popen("host", "ip", "-batch", "-", stdin=subprocess.PIPE, text=True)
        assert churn.stdin
        while len(plans) < 12 or (not interrupted and len(plans) < 300):
            churn.stdin.write("\n".join(CHURN * 150) + "\n")
            churn.stdin.flush()
            plans.append(words())
        churn.stdin.close()
        assert churn.wait(30) == 0
    assert interrupted > 0
    made = [plan for plan in plans if plan is not None]
    assert made and all(plan == quiet for plan in made)


def words() -> list[str] | None:
    """The plan's commands; None if it says that it can't be made."""
    request = PlanRequest("eth0", "br0", Path("/no"), persist=None)
    try:
        plan = plan_bridge(request, Store(Path("/no"))).plan
    except RefusedError as refused:
        assert "change too fast" in str(refused)
        return None
    return [line for operation in plan.operations for line in operation.describe()]


def torn(plan: bytes) -> dict[str, bytes]:
    value = json.loads(plan)
    return {
        "empty": b"",
        "half": plan[: len(plan) // 2],
        "garbage": bytes(range(256)) * 100,
        "deep": b"[" * 1_000_000,
        "huge": b'{"schema": 3, "x": "' + b"y" * 30_000_000,
        "another schema": json.dumps({"schema": 4, "what": "it has"}).encode(),
        "no interface": json.dumps(value | {"intent": {"nic": "a\nb"}}).encode(),
        "no operation": json.dumps(value | {"operations": [{"kind": "X", "value": 1}]}).encode(),
    }


@pytest.mark.all
def test_a_plan_file_that_is_none(lab: Lab) -> None:
    assert lab.bridgekit("plan", "eth0", "--out", "/run/plan").code == 0
    host, before = lab.hosts["host"], state(lab)
    for name, content in torn(host.run("cat", "/run/plan").stdout.encode()).items():
        (host.config / "torn").write_bytes(content)
        told = lab.bridgekit("apply", "--yes", "--plan", str(host.config / "torn"))
        ends_in_a_sentence(told, 2, "schema 4" if name == "another schema" else "bridgekit")
        assert len(told.stderr) < 1000, name
    assert before.difference(state(lab)) == []
