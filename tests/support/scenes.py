"""Work in whose middle faults are injected: who does what, and the states that it goes between."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bridgekit.lab import state_dump
from bridgekit.lab.topology import Lab
from tests.support import faults
from tests.support.faults import Point, States
from tests.support.transactions import APPLY, WAIT

FAILING_COMMIT = "renameat2:error=EIO:when=1"
"""The interfaces file cannot be put in place: the change is rolled back."""
MIDDLE = "write:signal=SIGKILL:when=8"
"""A line of the journal about one of the operations."""


class Scene(Struct, frozen=True):
    """Who is hit in what work; `run` does it, with a trace of that process, and faults in it.

    Only faults in these phases count. `moved` is true where the NIC is moved first.
    """

    name: str
    run: Callable[[Lab, Path, tuple[str, ...]], None]
    phases: Sequence[str]
    moved: bool = False


def executor_applies(lab: Lab, trace: Path, killing: tuple[str, ...]) -> None:
    faults.run(lab, trace, *APPLY, faults=killing)


def executor_fails(lab: Lab, trace: Path, killing: tuple[str, ...]) -> None:
    faults.run(lab, trace, *APPLY, faults=(FAILING_COMMIT, *killing))


def executor_waits(lab: Lab, trace: Path, killing: tuple[str, ...]) -> None:
    """A change that waits is kept from another session."""
    faults.run(lab, trace, *WAIT, faults=killing)
    if faults.transactions(lab)[-1:] == ["pending"]:
        assert lab.bridgekit("confirm").code == 0


def executor_rolls_back(lab: Lab, trace: Path, killing: tuple[str, ...]) -> None:
    faults.run(lab, trace, "rollback", faults=killing)


def both(lab: Lab, trace: Path, killing: tuple[str, ...]) -> None:
    guard = faults.guard_program(trace, *killing)
    faults.run(lab, trace.with_name("executor"), *APPLY, faults=(MIDDLE,), guard=guard)


def guard_keeps(lab: Lab, trace: Path, killing: tuple[str, ...]) -> None:
    guard = faults.guard_program(trace, *killing)
    faults.run(lab, trace.with_name("executor"), *WAIT, guard=guard)
    lab.bridgekit("confirm")


def guard_rolls_back(lab: Lab, trace: Path, killing: tuple[str, ...]) -> None:
    guard = faults.guard_program(trace, *killing)
    faults.run(lab, trace.with_name("executor"), *WAIT, guard=guard)
    lab.bridgekit("rollback")


ALL_THE_WAY = ("before", "during", "after", "persist", "commit")
SCENES = (
    Scene("the executor, applying", executor_applies, ALL_THE_WAY),
    Scene("the executor, after a failure", executor_fails, ["rollback"]),
    Scene("the executor, before another session confirms", executor_waits, ["waiting"]),
    Scene("the executor, rolling back", executor_rolls_back, ALL_THE_WAY, moved=True),
    Scene("the executor in the middle, and its guard", both, ["before", "rollback"]),
    Scene("the guard, keeping what was confirmed", guard_keeps, ["before", "persist", "commit"]),
    Scene("the guard, rolling back what waited", guard_rolls_back, ["rollback"]),
)


@contextmanager
def staged(scene: Scene, lab: Lab) -> Iterator[States]:
    """The states that the scene's work goes between."""
    old = faults.seen(lab)
    assert lab.bridgekit(*APPLY).code == 0
    new = faults.seen(lab)
    yield States(new, old) if scene.moved else States(old, new)


def back_to(wanted: state_dump.StateDump, lab: Lab, scene: Scene) -> None:
    """Bring the host to where the scene begins."""
    if wanted.difference(faults.seen(lab)):
        command = APPLY if scene.moved else ("rollback",)
        assert lab.bridgekit(*command).code == 0
        assert wanted.difference(faults.seen(lab)) == []


def everywhere(scene: Scene, lab: Lab, trace: Path, states: States) -> list[Point]:
    """The points of one run without a kill; there are some in every phase."""
    back_to(states.old, lab, scene)
    scene.run(lab, trace, ())
    faults.settled(lab, states)
    found = [point for point in faults.points(trace) if point.phase in scene.phases]
    assert {point.phase for point in found} == set(scene.phases)
    return found
