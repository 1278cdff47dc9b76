"""The protocol keeps its promises in every order of events; and each of its rules is needed."""

from collections.abc import Callable, Iterator

import msgspec
import pytest

from bridgekit.protocol import steps
from bridgekit.protocol.decide import Decision, Reason, View, decide
from bridgekit.protocol.effects import Ending, Note, Program, RollBackFiles, TakeLock
from tests.protocol.carrier import Carrier, Step
from tests.protocol.explorer import Explorer
from tests.protocol.world import Options, World

EACH = [(name,) for name in ("confirm", "rollback", "recover")]
PAIRS = [("confirm", "rollback"), ("confirm", "recover"), ("rollback", "recover")]


def explore(options: Options) -> Explorer:
    """Explore every order; AssertionError with the shortest way to each wrong end."""
    explorer = Explorer(options)
    explorer.run()
    assert not explorer.violations, "\n".join(
        "\n   ".join((found.what, f"faults: {found.faults}", *found.trace))
        for found in sorted(explorer.violations.values(), key=lambda one: len(one.trace))[:3]
    )
    return explorer


@pytest.mark.parametrize("systemd", [False, True], ids=["alone", "systemd"])
@pytest.mark.parametrize("commands", EACH, ids="-".join)
def test_one_fault(commands: tuple[str, ...], systemd: bool) -> None:
    explore(Options(commands=commands, systemd=systemd))


@pytest.mark.parametrize("options", [Options(confirm=False), Options(files=False)], ids=str)
def test_without_confirmation_and_without_files(options: Options) -> None:
    for commands in EACH:
        explore(options._replace(commands=commands))


@pytest.mark.all
@pytest.mark.parametrize("commands", PAIRS, ids="-".join)
def test_two_commands(commands: tuple[str, ...]) -> None:
    explore(Options(commands=commands))


@pytest.mark.all
@pytest.mark.parametrize("commands", EACH, ids="-".join)
def test_two_faults(commands: tuple[str, ...]) -> None:
    explore(Options(faults=2, commands=commands))


@pytest.mark.all
def test_beside_an_older_one_that_is_incomplete() -> None:
    explore(Options(commands=("confirm", "recover"), older=True))


def test_every_end_is_reached() -> None:
    """It is not right by doing nothing."""
    ends = explore(Options(faults=0, commands=("confirm", "rollback", "recover"))).ends
    for end in (
        "executor pending: kernel 0, files 0",
        "executor pending, confirm kept: kernel 2, files 2",
        "executor pending, rollback rolled-back: kernel 0, files 0",
        "executor pending, recover pending: kernel 0, files 0",
    ):
        assert end in ends, sorted(ends)


def keep_without_looking(reason: Reason) -> Program[Ending]:
    if not (yield from steps.commit()):
        return (yield from steps.roll_back())
    return "kept"


def roll_back_silently(kernel: bool = True) -> Program[Ending]:
    """Roll back the files first: the kernel may be left as it was."""
    yield Note("undoing")
    yield RollBackFiles()
    return "rolled-back" if (yield Note("rolled-back")) else "unnoted"


def with_view(**always: bool) -> Callable[[View], Decision]:
    return lambda view: decide(msgspec.structs.replace(view, **always))


def leave_half_done(view: View) -> Decision:
    """What someone left half-done is nobody's."""
    return "nothing" if view.state in ("undoing", "committing") else decide(view)


RULES = {
    "the deadline decides": ("decide", with_view(overdue=False), "kill", "confirm", "S4"),
    "an order needs its caller": ("decide", with_view(caller=True), "kill", "confirm", "S4"),
    "another boot is not touched": ("decide", with_view(here=True), "power", "recover", "S8"),
    "half-done is finished": ("decide", leave_half_done, "kill", "recover", "S5"),
    "a stopped guard is not waited for": (
        *("decide", with_view(guarded=True), "stop", "recover", "S3"),
    ),
    "kept is what is still there": (
        "_keep",
        keep_without_looking,
        "full",
        "rollback confirm",
        "S2",
    ),
    "the kernel is rolled back": ("roll_back", roll_back_silently, "kill", "rollback", "S5"),
}
"""For each rule: what takes its place in steps.py, a fault, the commands, and the property."""


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_is_needed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, instead, fault, command, prefix = RULES[rule]
    monkeypatch.setattr(steps, name, instead)
    explorer = Explorer(Options(kinds=(fault,), commands=tuple(command.split())))
    explorer.run()
    assert any(found.what.startswith(prefix) for found in explorer.violations.values()), rule


class Polite(Carrier):
    """Wait for a lock whose holder is stuck."""

    def _take_lock(self, world: World, name: str, effect: TakeLock) -> Iterator[Step]:
        if not world.lock or not effect.wait:
            yield from super()._take_lock(world, name, effect)


def test_a_stuck_process_loses_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.protocol.explorer.Carrier", Polite)
    explorer = Explorer(Options(kinds=("stop",), commands=("confirm",)))
    explorer.run()
    assert any(found.what.startswith("S6") for found in explorer.violations.values())
