"""A rollback that fails, that is repeated, and that ends a rollback."""

from pathlib import Path

import pytest

from bridgekit.errors import RollbackIncompleteError
from bridgekit.planning import operations as op
from bridgekit.planning.operations import Operation, inverted
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.rollback import AS_BEFORE
from bridgekit.transaction.verify import verify
from tests.support.trial import Trial, trial
from tests.unit.transactions.cases import IP, KINDS, first_with


def test_what_cannot_be_rolled_back_is_listed_with_its_commands(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.execute()
    case.machine.unmendable = {op.AddAddresses}
    with pytest.raises(RollbackIncompleteError) as caught:
        case.roll_back()
    text, _, commands = str(caught.value).partition("to repair it by hand:\n")
    assert text.startswith("rolled back, but:\n  could not do: ip address add 192.168.1.4/24")
    assert "AddAddresses: refused while rolling back" in text
    assert f"  missing: address {IP}/24 brd 192.168.1.255 dev eth0" in text.splitlines()
    assert f"  ip address add {IP}/24 brd 192.168.1.255 dev eth0" in commands.splitlines()
    assert "  ip route prepend default via 192.168.1.1 dev eth0 onlink" not in commands
    assert case.journal.state() == "incomplete"
    assert case.journal.last_text() in str(caught.value)
    done = {type(one) for one in case.machine.rolled_back}
    assert {op.SetController, op.DeleteBridge} <= done


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_one_that_fails_does_not_stop_the_others(tmp_path: Path, kind: type[Operation]) -> None:
    """Either the rest makes up for it, or the difference is listed with what repairs it."""
    case = trial(tmp_path, first_with(kind))
    case.execute()
    case.machine.unmendable = {kind}
    try:
        case.roll_back()
    except RollbackIncompleteError as error:
        assert f"{kind.__name__}: refused while rolling back" in str(error)
        assert case.differs_from_before()
        assert all(line in str(error) for line in listed(case)), error
    else:
        assert case.differs_from_before() == []
    rolled_back = [one for one in inverted(case.operations) if type(one) is not kind]
    done = [one for one in case.machine.rolled_back if type(one) is not kind]
    assert done[: len(rolled_back)] == rolled_back


def listed(case: Trial) -> list[str]:
    before = case.record.plan.snapshot
    return [f"  {one}" for one in verify(case.machine, before, case.record.plan.intent)]


def test_a_second_rollback_mends_what_the_first_could_not(tmp_path: Path) -> None:
    """`recover` tries again."""
    case = trial(tmp_path)
    case.execute()
    case.machine.unmendable = {op.RemoveAddresses, op.AddAddresses}
    with pytest.raises(RollbackIncompleteError):
        case.roll_back()
    case.machine.unmendable = set()
    assert case.roll_back(everything=True) == AS_BEFORE
    assert case.differs_from_before() == []
    assert case.events() == ["verified", "undoing", "incomplete", "undoing", "rolled-back"]


@pytest.mark.parametrize("again", range(3))
def test_rolling_back_again_changes_nothing(tmp_path: Path, again: int) -> None:
    case = trial(tmp_path, ["several-networks", "competing-between", "nexthop-groups"][again])
    case.execute()
    for _ in range(2):
        assert case.roll_back() == AS_BEFORE
        assert case.differs_from_before() == []


def test_a_nic_with_another_name_keeps_its_bridge(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.execute()
    case.machine.kernel.rename_link("eth0", "lan0")
    with pytest.raises(RollbackIncompleteError) as caught:
        case.roll_back()
    assert "eth0 is called lan0 now; br0 stays" in str(caught.value)
    assert "ip link set lan0 name eth0" in str(caught.value)
    assert case.machine.rolled_back == []
    case.machine.kernel.rename_link("lan0", "eth0")
    assert case.roll_back(everything=True) == AS_BEFORE
    assert case.differs_from_before() == []


def test_the_cause_stands_before_how_it_ended(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.execute()
    assert case.roll_back(cause="why") == f"why\neverything was rolled back: {AS_BEFORE}"
    case = trial(tmp_path)
    case.execute()
    case.machine.unmendable = {op.AddAddresses}
    with pytest.raises(RollbackIncompleteError) as caught:
        case.roll_back(cause="why")
    assert str(caught.value).startswith("why\nrolled back, but:\n")


@pytest.mark.parametrize("before", ["committed", "taken-back"])
def test_what_it_rolls_back_stands_again(tmp_path: Path, before: str) -> None:
    other = Journal(tmp_path / "000000-beef")
    other.folder.mkdir()
    other.write(Entry(before))  # type: ignore[arg-type]
    case = trial(tmp_path, "rollback", rolls_back=other.folder.name)
    case.execute()
    case.roll_back()
    assert other.state() == "committed"
