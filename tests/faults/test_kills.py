"""SIGKILL at every system call that changes something: there is no state between old and new."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridgekit.lab.topology import Lab
from tests.support import faults
from tests.support.faults import Point, States
from tests.support.scenes import SCENES, Scene, back_to, everywhere, staged

KILLED = ("+++ killed by SIGKILL +++\n", "= ?\n")
SHARDS, SOME = 4, 12


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
