"""Programs of the protocol as automata: what has come of a program's effects says where it is.

A program is a generator without side effects, so it is run again from its start to find what it
does after some outcomes; each such history is run once.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from bridgekit.protocol import programs
from bridgekit.protocol.effects import Effect, Ending, Program

Programs = dict[str, Callable[[], Program[Any]]]


def programs_of(operations: int, confirm: bool) -> Programs:
    """Return the program of each process, for a change of so many operations."""
    return {
        "executor": lambda: programs.execute(operations, confirm),
        "guard": programs.guard_turn,
        "confirm": lambda: programs.give_order("confirm"),
        "rollback": lambda: programs.give_order("rollback"),
        "recover": programs.recover,
    }


class Position(NamedTuple):
    """Where a program is: the effect that it asks for, or what it returned."""

    effect: Effect | None
    result: Ending | bool | None = None


class Automata:
    """The positions of all programs, as numbers; `step` goes from one to the next."""

    def __init__(self, all_programs: Programs) -> None:
        self._programs = all_programs
        self._histories: list[tuple[str, tuple[Any, ...]]] = []
        self._numbers: dict[tuple[str, tuple[Any, ...]], int] = {}
        self._steps: dict[tuple[int, Any], int] = {}
        self.positions: list[Position] = []

    def start(self, name: str) -> int:
        return self._number(name, ())

    def step(self, number: int, outcome: Any) -> int:
        key = (number, outcome)
        if key not in self._steps:
            name, history = self._histories[number]
            self._steps[key] = self._number(name, (*history, outcome))
        return self._steps[key]

    def _number(self, name: str, history: tuple[Any, ...]) -> int:
        key = (name, history)
        if key not in self._numbers:
            self._numbers[key] = len(self.positions)
            self._histories.append(key)
            self.positions.append(_run(self._programs[name](), history))
        return self._numbers[key]


def _run(program: Program[Any], history: tuple[Any, ...]) -> Position:
    try:
        effect = next(program)
        for outcome in history:
            effect = program.send(outcome)
    except StopIteration as end:
        return Position(None, end.value)
    return Position(effect)
