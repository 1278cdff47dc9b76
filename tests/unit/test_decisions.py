"""`confirm`, `rollback` and `recover` on a machine in memory, with no guard: they do its work."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.planning import operations as op
from bridgekit.planning.plan import FileChange
from bridgekit.protocol import programs
from bridgekit.system import namespaces
from bridgekit.transaction import record as records
from bridgekit.transaction.answer import Answer, answer
from bridgekit.transaction.carrier import Environment, run
from bridgekit.transaction.command import Decider, Recoverer
from bridgekit.transaction.journal import Entry, boot_clock
from bridgekit.transaction.store import Store
from tests.support.fake_kernel import FakeKernel
from tests.support.trial import Trial, plan_of, trial

OLD, NEW = b"auto eth0\n", b"auto br0\n"
LATER = 3600
CASES = ("both-families", "competing-between", "rollback", "existing-bridge-with-a-port")


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/interfaces").write_bytes(OLD)
    return tmp_path / "etc"


def begun(etc: Path, name: str = "both-families") -> Trial:
    """A transaction of this boot and namespace whose record is on the disk."""
    file = FileChange(str(etc / "interfaces"), OLD, NEW)
    state = etc.with_name("state")
    state.mkdir()
    case = trial(state, name, (file,))
    case.journal.folder.rmdir()
    here = replace(namespaces.current(), permanent=False)
    records.create(state, replace(case.record, namespace=here))
    return case


def waiting(etc: Path, seconds: float = LATER) -> Trial:
    case = begun(etc)
    case.execute()
    case.journal.write(Entry("pending", deadline=boot_clock() + seconds))
    return case


def asked(case: Trial, reason: str) -> Answer:
    """What a command answers that another process runs."""
    store = Store(case.journal.folder.parent)
    environment = Environment(case.machine, store, lambda service: None)
    if reason == "recover":
        with closing(Recoverer(environment)) as recoverer:
            ending = run(programs.recover(), recoverer.perform)
            return (
                answer("recover", ending, recoverer) if recoverer.found else Answer(0, "", ending)
            )
    with closing(Decider(environment, case.journal)) as decider:
        order = programs.give_order(reason)  # type: ignore[arg-type]
        return answer(reason, run(order, decider.perform), decider)  # type: ignore[arg-type]


def as_before(case: Trial, etc: Path) -> bool:
    assert case.differs_from_before() == []
    assert (etc / "interfaces").read_bytes() == OLD
    assert list(etc.iterdir()) == [etc / "interfaces"]
    return case.journal.state() == "rolled-back"


def kept(case: Trial, etc: Path) -> bool:
    assert case.differs_from(case.record.target) == []
    assert (etc / "interfaces").read_bytes() == NEW
    return case.journal.state() == "committed"


STEPS = [(name, step) for name in CASES for step in range(len(plan_of(name).operations))]


@pytest.mark.parametrize(("name", "step"), STEPS)
@pytest.mark.parametrize("moment", ["fails_before", "fails_after"])
def test_what_a_crash_left_is_rolled_back(etc: Path, name: str, step: int, moment: str) -> None:
    """Whether the operation of the last line was made or not."""
    case = begun(etc, name)
    setattr(case.machine, moment, step)
    with pytest.raises(BridgekitError):
        case.execute()
    found = asked(case, "recover")
    assert (found.code, found.ending) == (0, "rolled-back"), found
    assert found.text == f"{case.record.id} was rolled back: the host is as before"
    assert as_before(case, etc)
    assert asked(case, "recover").text == ""


@pytest.mark.parametrize("step", range(0, 12, 3))
def test_lines_that_a_crash_lost_do_not_matter(etc: Path, step: int) -> None:
    """The page cache went with them: the host itself tells how far the change came."""
    case = begun(etc)
    case.machine.fails_after = step
    with pytest.raises(BridgekitError):
        case.execute()
    (case.journal.folder / "journal").write_bytes(b"")
    assert asked(case, "recover").ending == "rolled-back"
    assert as_before(case, etc)


def test_a_change_that_waits_is_kept_by_confirm(etc: Path) -> None:
    case = waiting(etc)
    found = asked(case, "confirm")
    assert (found.code, found.text) == (0, f"{case.record.id} is kept")
    assert kept(case, etc)
    assert case.events() == ["verified", "pending", "committing", "committed"]


@pytest.mark.parametrize("reason", ["rollback", "recover"])
def test_a_change_that_waits_without_a_guard_is_rolled_back(etc: Path, reason: str) -> None:
    case = waiting(etc)
    found = asked(case, reason)
    assert (found.code, found.ending) == (0, "rolled-back")
    assert as_before(case, etc)


@pytest.mark.parametrize("reason", ["confirm", "rollback", "recover"])
def test_after_its_deadline_nothing_keeps_it(etc: Path, reason: str) -> None:
    case = waiting(etc, seconds=0)
    assert asked(case, reason).code == (4 if reason == "confirm" else 0)
    assert as_before(case, etc)


MENDED: dict[str, tuple[Callable[[FakeKernel], None], Callable[[FakeKernel], None], str]] = {
    "MTU": (
        lambda kernel: kernel.change_link("br0", mtu=1400),
        lambda kernel: kernel.change_link("br0", mtu=1500),
        "link br0: mtu 1500 became 1400",
    ),
    "NIC that is down": (
        lambda kernel: kernel.change_link("eth0", up=False),
        lambda kernel: kernel.change_link("eth0", up=True),
        "link eth0: up True became False",
    ),
}


@pytest.mark.parametrize("what", MENDED)
def test_a_host_that_changed_since_is_not_confirmed(etc: Path, what: str) -> None:
    """It still waits; once that is mended it can be."""
    spoil, mend, text = MENDED[what]
    case = waiting(etc)
    spoil(case.machine.kernel)
    found = asked(case, "confirm")
    assert found.code == 3 and text in found.text and "still waits" in found.text, found
    assert (etc / "interfaces").read_bytes() == OLD
    assert case.journal.state() == "pending" and not case.machine.rolled_back
    mend(case.machine.kernel)
    assert asked(case, "confirm").code == 0
    assert kept(case, etc)


def test_a_file_that_was_edited_since_rolls_it_back(etc: Path) -> None:
    case = waiting(etc)
    (etc / "interfaces").write_bytes(b"mine\n")
    found = asked(case, "confirm")
    assert found.code == 4 and "changed by someone else" in found.text, found
    assert case.differs_from_before() == []
    assert (etc / "interfaces").read_bytes() == b"mine\n"


@pytest.mark.parametrize("reason", ["confirm", "rollback", "recover"])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_commit_that_stopped_in_the_middle(etc: Path, reason: str, replaced: bool) -> None:
    """With all files in place it is concluded, whoever comes; before that it is rolled back."""
    case = waiting(etc)
    case.journal.write(Entry("committing"))
    if replaced:
        (etc / "interfaces").write_bytes(NEW)
    found = asked(case, reason)
    assert found.ending == ("kept" if replaced else "rolled-back")
    assert kept(case, etc) if replaced else as_before(case, etc)
    codes = {"confirm": (4, 0), "rollback": (0, 3), "recover": (0, 0)}
    assert found.code == codes[reason][replaced]


@pytest.mark.parametrize("reason", ["confirm", "rollback", "recover"])
def test_a_rollback_that_stopped_is_finished(etc: Path, reason: str) -> None:
    case = waiting(etc)
    case.journal.write(Entry("undoing"))
    case.machine.execute(case.operations[-1].inverse(), rolling_back=True)
    assert asked(case, reason).ending == "rolled-back"
    assert as_before(case, etc)


def test_a_rollback_that_could_not_is_tried_again_by_recover_alone(etc: Path) -> None:
    case = waiting(etc)
    case.machine.unmendable = {op.AddAddresses}
    found = asked(case, "rollback")
    assert found.code == 5 and "to repair it by hand:" in found.text, found
    case.machine.unmendable = set()
    assert asked(case, "rollback").ending == "incomplete"
    assert asked(case, "recover").ending == "rolled-back"
    assert as_before(case, etc)


@pytest.mark.parametrize(("reason", "code"), [("confirm", 0), ("rollback", 3), ("recover", 0)])
def test_what_is_decided_stays(etc: Path, reason: str, code: int) -> None:
    case = waiting(etc)
    assert asked(case, "confirm").code == 0
    assert asked(case, reason).code == code
    assert kept(case, etc)
    assert case.machine.rolled_back == []
