"""SIGSTOP at calls that change something: every verb ends in time, and nothing is between."""

import itertools
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from bridgekit.lab.topology import Lab
from tests.support import faults
from tests.support.faults import Point, States
from tests.support.programs import program
from tests.support.scenes import SCENES, Scene, back_to, everywhere, staged

VERB_SECONDS = 30
STOPPED = "--- stopped by SIGSTOP ---"
ENDED = "+++"
VERBS = ("recover", "confirm", "rollback")
SHARDS, SOME = 2, 96


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_stop_leaves_nothing_between(scene: Scene, lab: Lab, tmp_path: Path) -> None:
    """A point of each phase."""
    with staged(scene, lab) as states:
        some = faults.sampled(everywhere(scene, lab, tmp_path / "trace", states), 1)
        try_at(scene, lab, tmp_path / "trace", states, some)


@pytest.mark.all
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_stop_at_many_calls(scene: Scene, shard: int, lab: Lab, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with staged(scene, lab) as states:
        some = everywhere(scene, lab, trace, states)[:: faults.every(SOME)]
        try_at(scene, lab, trace, states, some[shard::SHARDS])


def try_at(scene: Scene, lab: Lab, trace: Path, states: States, points: Sequence[Point]) -> None:
    """Stop it at each point; a verb must end it, finish it, or say who does."""
    stopped = 0
    for point, verb in zip(points, itertools.cycle(VERBS), strict=False):
        back_to(states.old, lab, scene)
        trace.unlink(missing_ok=True)
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(scene.run, lab, trace, (point.stopping,))
            if stops(trace, work):
                stopped += 1
                ends_in_time(lab, "status")
                ends_in_time(lab, verb)
                ends_in_time(lab, "recover")
            lab.run("host", *program("go_on", str(trace)))
            work.result(240)
        with faults.judged(f"{scene.name}, stopped", point):
            state, recovered = faults.settled(lab, states)
        faults.note(f"{scene.name}, stopped", point, state, recovered)
    assert stopped >= 0.8 * len(points) - 1, f"{stopped} of {len(points)}"


def stops(trace: Path, work: Future[None]) -> bool:
    """Wait until the process is stopped; False if it has ended: a guard outlives its work."""
    while True:
        over, text = work.done(), trace.read_text(errors="replace") if trace.exists() else ENDED
        if STOPPED in text:
            return True
        if over and ENDED in text:
            return False
        time.sleep(0.02)


def ends_in_time(lab: Lab, verb: str) -> None:
    begun = time.monotonic()
    result = lab.bridgekit(verb)
    assert time.monotonic() - begun < VERB_SECONDS, f"{verb}: {result}"
    assert "Traceback" not in result.stderr, result
