"""SIGKILL at every system call that changes something: there is no state between old and new."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from bridgekit.lab import state_dump
from bridgekit.lab.topology import Lab
from tests.support import faults
from tests.support.faults import Point, States
from tests.support.transactions import APPLY, WAIT

FAILING_COMMIT = "renameat2:error=EIO:when=1"
"""The interfaces file cannot be put in place: the change is rolled back."""
MIDDLE = "write:signal=SIGKILL:when=8"
"""A line of the journal about one of the operations."""
KILLED = ("+++ killed by SIGKILL +++\n", "= ?\n")
SHARDS, SOME = 4, 12


class Scene(Struct, frozen=True):
    """Who is killed in what work; `run` does it, with a trace of that process, and faults in it.

    Only kills in these phases count. `moved` is true where the NIC is moved first.
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


def try_at(scene: Scene, lab: Lab, trace: Path, states: States, points: Sequence[Point]) -> None:
    """Some calls are not always as many, so a few of the last may not be reached."""
    killed = 0
    for point in points:
        back_to(states.old, lab, scene)
        scene.run(lab, trace, (point.killing,))
        with faults.judged(scene.name, point):
            state, recovered = faults.settled(lab, states)
        if trace.read_text(errors="replace").endswith(KILLED):
            phase = [point, *faults.points(trace)][-1].phase
            faults.note(scene.name, replace(point, phase=phase), state, recovered)
            killed += 1
    assert killed >= 0.9 * len(points) - 1, f"{killed} of {len(points)}"


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_kill_leaves_nothing_between(scene: Scene, lab: Lab, tmp_path: Path) -> None:
    """Some points of each phase."""
    trace = tmp_path / "trace"
    with staged(scene, lab) as states:
        some = faults.sampled(everywhere(scene, lab, trace, states), 4)
        try_at(scene, lab, trace, states, some)


@pytest.mark.all
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_kill_at_many_calls(scene: Scene, shard: int, lab: Lab, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with staged(scene, lab) as states:
        some = everywhere(scene, lab, trace, states)[:: faults.every(SOME)]
        try_at(scene, lab, trace, states, some[shard::SHARDS])
