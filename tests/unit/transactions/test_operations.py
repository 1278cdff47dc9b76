"""The target is reached; an operation that fails ends in the state before."""

from pathlib import Path

import pytest

from bridgekit.errors import BridgekitError
from bridgekit.planning.operations import Operation, inverted
from bridgekit.transaction.rollback import AS_BEFORE
from tests.support.fake_kernel import FakeKernel
from tests.support.trial import Trial, plan_of, trial
from tests.unit.transactions.cases import CASES, KINDS, first_with


@pytest.mark.parametrize("name", CASES)
def test_it_reaches_the_target_and_comes_back(tmp_path: Path, name: str) -> None:
    case = trial(tmp_path, name)
    (said,) = case.execute()
    assert said.startswith(f"{len(case.operations)} operations done in ")
    assert case.differs_from(case.record.target) == []
    assert case.events() == ["verified"]
    assert case.roll_back() == AS_BEFORE
    assert case.differs_from_before() == []
    assert case.machine.rolled_back == list(inverted(case.operations))
    assert case.events() == ["verified", "undoing", "rolled-back"]


@pytest.mark.parametrize("name", CASES)
def test_a_failure_ends_in_the_state_before(tmp_path: Path, name: str) -> None:
    """The first, the middle and the last operation, without its effect and with it."""
    count = len(plan_of(name).operations)
    for step in sorted({0, count // 2, count - 1}):
        for moment in ("fails_before", "fails_after"):
            fail_and_roll_back(trial(tmp_path, name), step, moment)


def fail_and_roll_back(case: Trial, step: int, moment: str) -> None:
    setattr(case.machine, moment, step)
    kind = type(case.operations[step]).__name__
    with pytest.raises(BridgekitError, match=f"{kind}: (refused|failed)"):
        case.execute()
    assert case.journal.steps_started() == step + 1
    assert case.roll_back() == AS_BEFORE
    assert case.differs_from_before() == [], (step, moment)
    assert case.events() == ["undoing", "rolled-back"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("moment", ["fails_before", "fails_after"])
def test_every_kind_of_operation_may_fail(
    tmp_path: Path, kind: type[Operation], moment: str
) -> None:
    name = first_with(kind)
    for step, operation in enumerate(plan_of(name).operations):
        if type(operation) is kind:
            fail_and_roll_back(trial(tmp_path, name), step, moment)


def test_the_step_is_in_the_journal_before_it_is_made(tmp_path: Path) -> None:
    case = trial(tmp_path)

    def look(kernel: FakeKernel) -> None:
        steps.append(case.journal.steps_started())

    steps: list[int] = []
    case.machine.interference = dict.fromkeys(range(len(case.operations)), look)
    case.execute()
    assert steps == [step + 1 for step in range(len(case.operations))]
