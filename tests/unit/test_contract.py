"""What scripts rely on: JSON as docs/json.md has it, exit codes as README.md has them."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from bridgekit import errors
from bridgekit.application.status import Status, TransactionStatus
from bridgekit.cli import bridgekit
from bridgekit.cli.output import errors_as_json, print_text
from bridgekit.cli.plan_output import plan_json
from bridgekit.planning.findings import Finding
from bridgekit.planning.plan import Plan
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.planning.planner import plan_operations
from tests.builders import FILES, INTENT, STATE
from tests.support.json_docs import documented

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/json.md").read_text()


def invoke(*words: str) -> Result:
    return CliRunner().invoke(bridgekit, words)


def plan() -> dict[str, Any]:
    finding = Finding("warn", "nic-down", "eth0 is down", "set it up")
    made = Plan(INTENT, STATE, plan_operations(STATE, INTENT), FILES)
    return plan_json(PlanResult(made, (finding,)), all_routes=False)


def test_a_plan() -> None:
    found = plan()
    assert found.keys() == documented()["plan"] - {"service"}
    assert found["findings"][0].keys() == documented()["a finding"]
    assert found["operations"][0].keys() == documented()["an operation"]
    assert found["files"][0].keys() == documented()["a file"]
    assert found["files"][0]["diff"].splitlines()[2:] == ["@@ -1 +1 @@", "-old", "+new"]
    assert {*found["topology"]} == {"before", "after"}


def test_a_status() -> None:
    one = TransactionStatus("1", "pending", "bridge", "eth0", "br0", 0.0, True, 7.5)
    found = msgspec.to_builtins(Status((one,), (), ()))
    assert found.keys() == documented()["status"]
    assert found["transactions"][0].keys() == documented()["a transaction"]
    assert found["transactions"][0]["seconds_left"] == 7.5


def test_every_document_has_the_number_that_the_page_says() -> None:
    number = re.search(r"`schema`, now (\d+)", PAGE)
    assert number
    told = json.loads(invoke("interfaces", "--list", "--json").stdout)
    assert told["schema"] == int(number[1])


def test_an_error_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(errors.RefusedError), errors_as_json(True):
        raise errors.RefusedError("it is no good; nothing was changed")
    told = json.loads(capsys.readouterr().out)
    assert told == {"schema": 1, "error": "it is no good; nothing was changed", "exit_code": 3}
    with pytest.raises(errors.RefusedError), errors_as_json(False):
        raise errors.RefusedError("")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (errors.BridgekitError, "unexpected"),
        (errors.UsageError, "the request is wrong"),
        (errors.RefusedError, "refused, nothing changed"),
        (errors.RolledBackError, "failed or not confirmed, and rolled back"),
        (errors.RollbackIncompleteError, "the rollback is incomplete"),
        (errors.BusyError, "another transaction"),
        (errors.PxeError, "the network is committed, PXE failed"),
    ],
)
def test_exit_codes(error: type[errors.BridgekitError], meaning: str) -> None:
    assert f"| {error.exit_code} | {meaning}" in (ROOT / "README.md").read_text()


def test_no_text_commands_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_text("eth0 \x1b[2J is\na port")
    assert capsys.readouterr().out == "eth0 \\x1b[2J is\na port\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("plan", ""), "the NIC's name is empty; nothing was changed"),
        (("apply", "eth0"), "without a terminal `apply` needs --yes; nothing was changed"),
        (("plan", "eth0", "--interfaces-file", "a\x1b"), "cannot be read by a person"),
        (("plan", "--rollback", "--with-pxe"), "cannot go --with-pxe"),
    ],
)
def test_a_request_that_is_wrong(words: tuple[str, ...], sentence: str) -> None:
    error = invoke(*words).exception
    assert isinstance(error, errors.UsageError) and sentence in str(error)


@pytest.mark.parametrize("name", ["--dialect", "--flavour"])
def test_the_old_name_of_an_option(name: str) -> None:
    done = invoke("interfaces", "--list", name, "ifupdown2", "--json")
    assert done.exit_code in (0, 1), done.output
    assert "--flavour" not in invoke("interfaces", "--help").output
