"""Replay what real processes did in the simulated world: a step that it does not know is wrong.

Of each process the order is known, between processes it is not: any interleaving will do.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from bridgekit.protocol import effects as fx
from bridgekit.protocol.decide import View
from tests.protocol import faults
from tests.protocol.carrier import GOES_ON
from tests.protocol.explorer import Explorer
from tests.protocol.world import NAMES, Options, World, process


class Done(Struct, frozen=True):
    """An effect that a real process has carried out, and what came of it."""

    effect: fx.Effect
    outcome: Any


Traces = Mapping[str, tuple[Done, ...]]


def read(lines: Iterable[str]) -> Traces:
    """Return the steps of each process, from lines of tests/programs/traced.py."""
    found: dict[str, list[Done]] = {}
    for who, effect, fields, outcome in map(json.loads, lines):
        came = View(**outcome) if isinstance(outcome, dict) else outcome
        found.setdefault(who, []).append(Done(getattr(fx, effect)(**fields), came))
    return {who: tuple(steps) for who, steps in found.items()}


class Place(NamedTuple):
    """How far each process has come in its trace, and the world there."""

    steps: tuple[int, ...]
    world: World


class Replay(Explorer):
    """Look for one order in which the world allows everything that was done."""

    def __init__(self, options: Options, traces: Traces) -> None:
        super().__init__(options)
        self._traces = traces
        self._furthest = Place((0,) * len(NAMES), self.first())

    def is_allowed(self) -> bool:
        """Search depth first, steps of traces before what happens by itself."""
        stack, seen = [self._furthest], {self._furthest}
        while stack:
            place = stack.pop()
            self._furthest = max(place, self._furthest, key=lambda one: sum(one.steps))
            if all(place.steps[i] == len(self._of(name)) for i, name in enumerate(NAMES)):
                return True
            for after in [*self._silent(place), *self._done(place)]:
                if after not in seen:
                    seen.add(after)
                    stack.append(after)
        return False

    def stuck_at(self) -> str:
        """Return how far it came, for people."""
        places = zip(NAMES, self._furthest.steps, strict=True)
        steps = (f"{n}: {self._of(n)[i] if i < len(self._of(n)) else 'end'}" for n, i in places)
        return "\n".join((*steps, str(self._furthest.world)))

    def _of(self, name: str) -> tuple[Done, ...]:
        return self._traces.get(name, ())

    def _done(self, place: Place) -> Iterator[Place]:
        """Yield what follows if one process makes its next step."""
        for number, name in enumerate(NAMES):
            done = self._of(name)[place.steps[number] : place.steps[number] + 1]
            for outcome, world in self._outcomes(place.world, name):
                if done and (self._effect(place.world, name), outcome) == (
                    done[0].effect,
                    done[0].outcome,
                ):
                    yield Place(_with(place.steps, number), world)

    def _silent(self, place: Place) -> Iterator[Place]:
        """Yield what is in no trace: time, faults, beginnings and ends, parts of effects."""
        world, automata = place.world, self.automata
        worlds = [
            *(after for _, after in faults.in_time(world, self.options, automata)),
            *(after for _, after in faults.from_people(world, self.options, automata)),
            *(after for _, after in faults.faults(world, self.options, automata)),
        ]
        for name in NAMES:
            worlds += [
                after for outcome, after in self._outcomes(world, name) if outcome is GOES_ON
            ]
            status, at = process(world, name)
            if status == "running" and automata.positions[at].effect is None:
                worlds.append(self._ended(world, name, at))
        yield from (Place(place.steps, after) for after in worlds)

    def _effect(self, world: World, name: str) -> fx.Effect | None:
        return self.automata.positions[process(world, name).at].effect

    def _outcomes(self, world: World, name: str) -> Iterator[tuple[Any, World]]:
        """Yield what can come of a process's next effect."""
        status, at = process(world, name)
        effect = self.automata.positions[at].effect if status == "running" else None
        if effect is not None:
            for _, came, outcome in self._carrier.carry_out(world, name, effect):
                yield outcome, self._moved(self._launched(came), name, at, outcome)
            self._carrier.wrong.clear()


def _with(steps: tuple[int, ...], number: int) -> tuple[int, ...]:
    return (*steps[:number], steps[number] + 1, *steps[number + 1 :])
