"""Faults at chosen system calls, by strace's fault injection; and what must be true afterwards."""

import ast
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from bridgekit.lab import state_dump
from bridgekit.lab.host import PYTHON, Result
from bridgekit.lab.topology import Lab
from tests.support.programs import program
from tests.support.transactions import APPLY

State = Literal["old", "new"]
PHASES: Final = ("before", "during", "after", "persist", "commit", "waiting", "rollback")
CALLS: Final = (
    *("sendto", "write", "fsync", "rename", "renameat2", "link", "unlink", "mkdir"),
    *("openat", "fchmod", "fchown", "bind"),
)
OURS: Final = re.compile(r'[<"](?:/var/lib/bridgekit|/etc/network|/proc/sys)[/>"]')
MARKS: Final = {
    r"event\":\"started": "during",
    "operations done": "after",
    r"event\":\"committing": "persist",
    r"event\":\"taken-back": "commit",
    r"event\":\"committed": "commit",
    r"event\":\"pending": "waiting",
    r"event\":\"undoing": "rollback",
}
"""What is written when a phase begins; the call that writes it is still of the phase before."""
EVENTS: Final = """
for folder in /var/lib/bridgekit/*/; do
    test ! -e "$folder/record" || tail -n 1 "$folder/journal" 2> /dev/null || echo begun
done
"""
FINISHED: Final = ("committed", "rolled-back", "taken-back")

NOTES = "BRIDGEKIT_FAULTS"


class Tried(Struct, frozen=True, tag="fault"):
    """A fault at one kind of call in one phase, so many `times`, and how that ended."""

    fault: str
    phase: str
    call: str
    state: State | Literal["between"]
    recovered: bool
    times: int = 1


class Inputs(Struct, frozen=True, tag="inputs"):
    """So many inputs of a kind with errors in them, all of which ended in a sentence."""

    what: str
    times: int


class Point(Struct, frozen=True):
    """One system call of a program: the `number`-th of its name, and when it happens."""

    call: str
    number: int
    phase: str

    @property
    def killing(self) -> str:
        return f"{self.call}:signal=SIGKILL:when={self.number}"

    @property
    def stopping(self) -> str:
        return f"{self.call}:signal=SIGSTOP:when={self.number}"

    def failing(self, error: str) -> str:
        return f"{self.call}:error={error}:when={self.number}"


def strace(trace: Path, *injected: str) -> list[str]:
    """The words that run a program and note its calls, with faults in some of them."""
    faults = [word for fault in injected for word in ("-e", f"inject={fault}")]
    noted = ["-yy", "-s", "96", "-e", f"trace={','.join(CALLS)}", *faults]
    return ["strace", *noted, "-o", str(trace)]


def points(trace: Path, first: str = "before") -> list[Point]:
    """The calls that write to netlink, to the journal, to a setting or to a file, in order."""
    counts = dict.fromkeys(CALLS, 0)
    phase, found = first, []
    for line in trace.read_text(errors="replace").splitlines():
        call = line.partition("(")[0]
        if call in counts:
            counts[call] += 1
            if _changes(call, line):
                found.append(Point(call, counts[call], phase))
            new = (MARKS[mark] for mark in MARKS if call == "write" and mark in line)
            phase = next(new, phase)
    return found


def _changes(call: str, line: str) -> bool:
    if call == "sendto":
        return "NETLINK" in line
    return OURS.search(line) is not None and (call != "openat" or "O_CREAT" in line)


def sampled(found: Sequence[Point], most: int) -> list[Point]:
    """At most so many of each phase, evenly spread."""
    chosen = []
    for phase in PHASES:
        here = [point for point in found if point.phase == phase]
        step = max(1, -(-len(here) // most))
        chosen += here[(len(here) - 1) % step // 2 :: step]
    return chosen


def run(
    lab: Lab, trace: Path, *command: str, faults: Sequence[str] = (), guard: str = ""
) -> Result:
    """Run a command of bridgekit under strace; `guard` is the program that runs its guard."""
    argv = program("executor", guard or sys.executable, *command)
    return lab.run("host", *strace(trace, *faults), *argv, check=False)


def guard_program(trace: Path, *faults: str) -> str:
    """Make the program that runs a guard under strace; return its path."""
    program = trace.with_name("guard")
    words = " ".join(f"'{word}'" for word in (*strace(trace, *faults), *PYTHON))
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o700)
    return str(program)


class States(Struct, frozen=True):
    """The two states between which a change goes; there is no third."""

    old: state_dump.StateDump
    new: state_dump.StateDump

    def found(self, lab: Lab) -> State:
        """AssertionError, with the differences, if the host is in neither."""
        now = seen(lab)
        if not self.new.difference(now):
            return "new"
        found = self.old.difference(now)
        if found:
            raise AssertionError("\n".join(line[:300] for line in found))
        return "old"

    def check_files(self, lab: Lab) -> None:
        """Whatever happens, at any moment: the interfaces file is the old or the new one."""
        if lab.read_interfaces() not in (interfaces(self.old), interfaces(self.new)):
            raise AssertionError(f"neither the old file nor the new one: {lab.read_interfaces()}")


@contextmanager
def staged(lab: Lab) -> Iterator[States]:
    """The states before and after an apply, and the host in the first."""
    old = seen(lab)
    assert lab.bridgekit(*APPLY).code == 0
    new = seen(lab)
    assert lab.bridgekit("rollback").code == 0
    yield States(old, new)


def seen(lab: Lab) -> state_dump.StateDump:
    """The host's state. Which of two links is first with its fe80::/64 matters to nobody."""
    lines = state_dump.dump(lab.hosts["host"]).lines
    last = sorted(line for line in lines if '"dst": "fe80::/64"' in line)
    return state_dump.StateDump((*(line for line in lines if line not in last), *last))


def interfaces(dumped: state_dump.StateDump) -> str:
    """The text of /etc/network/interfaces, as a witness tells of it."""
    start = "file interfaces: "
    lines = (line for line in dumped.lines if line.startswith(start))
    return "".join(ast.literal_eval(line.removeprefix(start)) for line in lines)


def transactions(lab: Lab) -> list[str]:
    """The last event of each transaction's journal, oldest first; empty where nothing began."""
    result = lab.run("host", "sh", "-c", EVENTS).stdout.splitlines()
    return [re.sub(r'.*"event":"([a-z-]+)".*', r"\1", line) for line in result]


def guard_ends(lab: Lab) -> None:
    """Wait until the guards of all transactions have done their work."""
    lab.run("host", *program("guards"))


def settled(lab: Lab, states: States) -> tuple[State, bool]:
    """After a fault: the state the host comes to, and whether `recover` was needed for it."""
    states.check_files(lab)
    guard_ends(lab)
    states.check_files(lab)
    unfinished = any(one not in FINISHED for one in transactions(lab))
    if unfinished:
        result = lab.bridgekit("recover")
        if result.code:
            raise AssertionError(f"recover ended with {result}")
    state, last = states.found(lab), transactions(lab)[-1:]
    if set(last) - set(FINISHED) or (state == "new" and last != ["committed"]):
        raise AssertionError(f"the state is the {state} one, the transaction {last}")
    return state, unfinished


def every(some: int) -> int:
    """Take one point in `some`; script/reliability, which has an hour, takes every one."""
    return 1 if NOTES in os.environ else some


def note(fault: str, point: Point, state: State | Literal["between"], recovered: bool) -> None:
    """Note what was tried, for docs/reliability.md."""
    _append(Tried(fault, point.phase, point.call, state, recovered))


def note_inputs(what: str, times: int) -> None:
    """Note that so many inputs of a kind ended in a sentence."""
    _append(Inputs(what, times))


@contextmanager
def judged(fault: str, point: Point) -> Iterator[None]:
    """Within, the state after a fault is found; note that it is neither of the two."""
    try:
        yield
    except AssertionError:
        note(fault, point, "between", recovered=False)
        raise


def _append(one: Tried | Inputs) -> None:
    """Append a line to the file of $BRIDGEKIT_FAULTS."""
    place = os.environ.get(NOTES)
    if place:
        with open(place, "ab") as file:
            file.write(msgspec.json.encode(one) + b"\n")
