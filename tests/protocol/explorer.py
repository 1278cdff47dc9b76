"""Explore every order in which processes, faults and time can meet, breadth first.

So each counterexample is a shortest one.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from bridgekit.protocol.effects import Ending, Note
from tests.protocol import faults
from tests.protocol.automaton import Automata, programs_of
from tests.protocol.carrier import GOES_ON, Carrier
from tests.protocol.world import (
    LETTERS,
    NAMES,
    SYNCED,
    Options,
    Process,
    World,
    gone,
    process,
    state,
    with_fault,
)

RESTARTED = "guard"
"""The program that begins anew at its end, unless it returned True."""


LEFT = ("busy", "pending")
"""Endings of `recover` that say: a guard is there, and it is left to that."""


class Violation(NamedTuple):
    """A property that does not hold, the faults that it needs, and the way there."""

    what: str
    faults: tuple[str, ...]
    trace: tuple[str, ...]


class Explorer:
    """Explore the programs under these options."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.automata = Automata(programs_of(options.operations, options.confirm))
        self._carrier = Carrier(options, self.endings)
        self._reached: dict[World, tuple[World, str] | None] = {}
        self.violations: dict[tuple[str, tuple[str, ...]], Violation] = {}
        self.ends: set[str] = set()

    def endings(self, world: World) -> dict[str, Ending]:
        """Return how each process that ended by itself has ended."""
        ended = ((name, process(world, name)) for name in NAMES if name != RESTARTED)
        found = ((n, self.automata.positions[at].result) for n, (s, at) in ended if s == "ended")
        return {name: result for name, result in found if isinstance(result, str)}

    def first(self) -> World:
        """Return the world in which an executor begins."""
        return World(
            executor=Process("running", self.automata.start("executor")),
            older=self.options.older,
            left=self.options.faults,
        )

    def run(self) -> int:
        """Explore; return the number of worlds."""
        first = self.first()
        self._reached[first] = None
        queue = deque([first])
        while queue:
            world = queue.popleft()
            for label, after in self._after(world):
                if after not in self._reached:
                    self._reached[after] = (world, label)
                    queue.append(after)
        return len(self._reached)

    def _after(self, world: World) -> Iterator[tuple[str, World]]:
        certain = [*self._steps(world), *faults.in_time(world, self.options, self.automata)]
        if not certain:
            self._at_rest(world)
        yield from certain
        yield from faults.from_people(world, self.options, self.automata)
        yield from faults.mending(world)
        yield from faults.faults(world, self.options, self.automata)

    def _steps(self, world: World) -> Iterator[tuple[str, World]]:
        for name in NAMES:
            status, at = process(world, name)
            if status == "running":
                yield from self._step(world, name, at)

    def _step(self, world: World, name: str, at: int) -> Iterator[tuple[str, World]]:
        effect = self.automata.positions[at].effect
        if effect is None:
            yield f"{name} ends", self._ended(world, name, at)
            return
        for label, came, outcome in self._carrier.carry_out(world, name, effect):
            text = f"{name}: {label}"
            for wrong in self._carrier.wrong:
                self._note(wrong, world, text)
            self._carrier.wrong.clear()
            after = self._moved(self._launched(came), name, at, outcome)
            if outcome is not GOES_ON and self._can_hang(after, effect):
                to = process(after, name)._replace(status="disk")
                hanging = after._replace(**{name: to}, synced=world.synced)
                yield f"{text}, and hangs in fsync", with_fault(hanging, f"disk {name}")
            yield text, after

    def _moved(self, world: World, name: str, at: int, outcome: Any) -> World:
        if outcome is GOES_ON or process(world, name).status != "running":
            return world
        return world._replace(**{name: Process("running", self.automata.step(at, outcome))})

    def _can_hang(self, world: World, effect: object) -> bool:
        synced = isinstance(effect, Note) and LETTERS[effect.event] in SYNCED
        return synced and world.left > 0 and "disk" in self.options.kinds and not world.full

    def _launched(self, world: World) -> World:
        if world.guard.status == "running" and world.guard.at < 0:
            return world._replace(guard=Process("running", self.automata.start("guard")))
        return world

    def _ended(self, world: World, name: str, at: int) -> World:
        result = self.automata.positions[at].result
        if name == RESTARTED and result is not True:
            return world._replace(guard=Process("running", self.automata.start("guard")))
        return gone(world, name, Process("ended", at))

    def _at_rest(self, world: World) -> None:
        """Check a world in which nothing more happens by itself."""
        for name in NAMES:
            if name != RESTARTED and process(world, name).status == "running":
                self._note(f"S6 {name} hangs", world, None)
        if not world.rebooted and world.record:
            self._check_deadline(world)
            self._check_rest(world)
        ended = ", ".join(f"{name} {end}" for name, end in self.endings(world).items())
        self.ends.add(f"{ended}: kernel {world.kernel}, files {world.files}")

    def _check_deadline(self, world: World) -> None:
        endings = self.endings(world)
        kept = endings.get("confirm") == "kept" or state(world) == "committed"
        able = any(endings.get(name) not in (None, *LEFT) for name in world.after_deadline)
        able = able or world.guard.status == "running"
        if world.overdue and world.kernel and able and not kept:
            self._note("S3 past the deadline, not confirmed, not rolled back", world, None)

    def _check_rest(self, world: World) -> None:
        stuck = any(process(world, n).status in ("stopped", "disk", "zombie") for n in NAMES)
        recovered = self.endings(world).get("recover") not in (None, *LEFT)
        recovered = recovered and not world.older_chosen
        if stuck or not (world.guard.status in ("running", "ended") or recovered):
            return
        if 0 < world.kernel < self.options.operations or world.files == 1:
            self._note("S5 at rest in between", world, None)
        differ = self.options.files and (world.kernel > 0) != (world.files == 2)
        if differ and state(world) != "pending":
            self._note("S5 at rest, kernel and files differ", world, None)

    def _note(self, what: str, world: World, label: str | None) -> None:
        key = (what, world.used)
        if key not in self.violations:
            self.violations[key] = Violation(what, world.used, self._trace(world, label))

    def _trace(self, world: World, last: str | None) -> tuple[str, ...]:
        labels = [last or "nothing more happens"]
        while (before := self._reached[world]) is not None:
            world, label = before
            labels.append(label)
        return tuple(reversed(labels))
