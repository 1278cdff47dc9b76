"""The golden cases: plans and target states are as reviewed; and what holds for all of them."""

import pytest
from msgspec.structs import replace

from bridgekit.planning import codec
from bridgekit.planning.diff import differences
from bridgekit.planning.findings import REGISTRY, persistence, types_in
from bridgekit.planning.operations import inverted
from bridgekit.planning.plan import Plan
from bridgekit.planning.target_state import preserved_state, restored_state
from tests.cases.folder import ROOT, TEXTS, Folder, format_json, plain
from tests.cases.record import CASES, recorded

NAMES = sorted(path.parent.name for path in ROOT.glob("*/snapshot.json"))
OF_THE_APPLICATION = {
    *(kind.code for kind in types_in(persistence)),
    *("file-keeps-bridge", "file-edited", "file-changed-later", "stp-with-pxe"),
}
"""What is found in files and about the PXE service, which the cases do not hold."""
AGAIN = "write it anew with `python -m tests.cases.record --texts`, and read the difference"


def plan_of(name: str) -> Plan:
    return Folder.read(name).plan_result().plan


def test_every_case_is_declared_and_recorded() -> None:
    assert len(NAMES) >= 40
    assert sorted(CASES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_what_was_reviewed(name: str) -> None:
    there = {text: ROOT / name / text for text in TEXTS if (ROOT / name / text).exists()}
    assert {text: path.read_text() for text, path in there.items()} == Folder.read(name).texts(), (
        AGAIN
    )


@pytest.mark.parametrize("name", NAMES)
def test_input_is_what_its_file_says(name: str) -> None:
    """Nothing in the file is overlooked, and nothing is added to it."""
    case = Folder.read(name)
    for file, value in (("snapshot.json", case.snapshot), ("intent.json", case.intent)):
        assert (ROOT / name / file).read_text() == format_json(plain(value)) + "\n"


def test_every_finding_of_the_planning_has_a_case() -> None:
    wanted = {kind.code for kind in REGISTRY} - OF_THE_APPLICATION
    shown = {finding.code for name in NAMES for finding in Folder.read(name).plan_result().findings}
    assert wanted - shown == set()


def test_every_operation_has_a_case() -> None:
    shown = {type(item).__name__ for name in NAMES for item in plan_of(name).operations}
    assert codec.OPERATION_KINDS.keys() - shown == {"PrependRoutes"}, "it only repairs"


@pytest.mark.parametrize("name", NAMES)
def test_operations_are_their_inverses_inverse_and_describe_themselves(name: str) -> None:
    operations = plan_of(name).operations
    assert inverted(inverted(operations)) == operations
    for operation in operations:
        assert operation.inverse().inverse() == operation
    for operation in (*operations, *inverted(operations)):
        assert all(line.split()[0] in COMMANDS for line in operation.describe())


COMMANDS = (
    *("ip", "bridge", "sysctl", "ethtool", "pkill", "sed", "dhclient", "resolvectl", "…"),
    *("printf", "networkctl", "rm", "systemctl"),
)


@pytest.mark.parametrize("name", NAMES)
def test_plans_survive_json(name: str) -> None:
    assert codec.decode(codec.encode(plan_of(name))) == plan_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_bridging_and_rolling_back_gives_the_start(name: str) -> None:
    case = Folder.read(name)
    there = case.expected()
    if there and case.intent.direction == "bridge":
        left = preserved_state(case.snapshot, case.intent)
        back = restored_state(there, replace(case.intent, preserved=left))
        assert differences(case.snapshot, back, case.intent.links) == ()


@pytest.mark.parametrize("name", ["secondary-addresses", "competing-between", "rollback"])
def test_recording_again_gives_the_same(name: str) -> None:
    assert recorded(name) == Folder.read(name)
