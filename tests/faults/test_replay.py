"""What real processes do is what their programs do in the simulated world, step by step."""

from pathlib import Path

import pytest
from msgspec import Struct

from bridgekit.lab.topology import Lab
from tests.protocol import replay
from tests.protocol.replay import Replay
from tests.protocol.world import Options
from tests.support import faults
from tests.support.programs import program

AT_ONCE = ("apply", "eth0", "--yes")
WAIT = (*AT_ONCE, "--confirm-within", "600")
FAILING = (*AT_ONCE, "--probe", "cmd:test ! -e /sys/class/net/br0")


class Scene(Struct, frozen=True):
    """Verbs one after the other, and what of the world they need."""

    verbs: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...] = ()
    kill: str = ""
    """Kill it before this verb: executor or guard."""


SCENES = {
    "kept at once": Scene((AT_ONCE,)),
    "confirmed": Scene((WAIT, ("confirm",))),
    "rejected": Scene((WAIT, ("rollback",))),
    "recover leaves it": Scene((WAIT, ("recover",), ("confirm",))),
    "not confirmed in time": Scene(((*AT_ONCE, "--confirm-within", "1"),)),
    "a probe falls silent": Scene((FAILING,), ("fail",)),
    "without its guard": Scene((WAIT, ("confirm",)), ("kill",), "guard"),
    "recovered": Scene((WAIT, ("recover",)), ("kill",), "guard"),
}


def traces(lab: Lab, scene: Scene, folder: Path) -> replay.Traces:
    """Run the scene; return what each process did."""
    place, guard = folder / "steps", folder / "guard"
    guard.write_text(f'#!/bin/sh\nexec {" ".join(program("traced", str(place)))} "" "$@"\n')
    guard.chmod(0o700)
    for number, verb in enumerate(scene.verbs):
        if number and scene.kill:
            lab.run("host", *program("guards", "kill"))
        lab.run("host", *program("traced", str(place), str(guard), *verb), check=False)
    faults.guard_ends(lab)
    return replay.read(place.read_text().splitlines())


def replayed(scene: Scene, found: replay.Traces) -> Replay:
    commands = tuple(verb[0] for verb in scene.verbs[1:])
    operations = sum(type(done.effect).__name__ == "Execute" for done in found["executor"])
    confirm = "--confirm-within" in scene.verbs[0]
    fault = 1 if scene.kinds else 0
    options = Options(fault, commands, scene.kinds, confirm=confirm, operations=operations)
    return Replay(options, found)


@pytest.mark.parametrize("name", SCENES)
def test_what_is_done_is_what_is_explored(lab: Lab, name: str, tmp_path: Path) -> None:
    scene = SCENES[name]
    found = traces(lab, scene, tmp_path)
    assert {verb[0] for verb in scene.verbs[1:]} | {"executor", "guard"} == found.keys()
    attempt = replayed(scene, found)
    assert attempt.is_allowed(), attempt.stuck_at()


def test_another_order_is_not_allowed(lab: Lab, tmp_path: Path) -> None:
    """Two steps of the executor change places; or one is left out."""
    scene = SCENES["kept at once"]
    found = traces(lab, scene, tmp_path)
    steps = found["executor"]
    for number in range(1, len(steps) - 1):
        swapped = (*steps[:number], steps[number + 1], steps[number], *steps[number + 2 :])
        shorter = (*steps[:number], *steps[number + 1 :])
        for wrong in (swapped, shorter):
            assert not replayed(scene, {**found, "executor": wrong}).is_allowed(), steps[number]
