"""What can happen to the simulated world from outside: time, faults, and people's commands."""

from collections.abc import Iterator

from tests.protocol.automaton import Automata
from tests.protocol.world import (
    ALIVE,
    NAMES,
    Options,
    Process,
    World,
    die,
    gone,
    process,
    state,
    with_fault,
)

FINISHED = ("committed", "rolled-back")


def in_time(world: World, options: Options, automata: Automata) -> Iterator[tuple[str, World]]:
    """Yield what happens in the end by itself: the clock, and what systemd does."""
    if (world.armed or "p" in world.journal) and not world.overdue and not world.rebooted:
        yield "the deadline passes", world._replace(overdue=True)
    waiting = world.guard.status == "running" and world.guard.at == automata.start("guard")
    if waiting and world.line == "connected" and not world.armed and not world.late:
        yield "300 s pass", world._replace(late=True)
    if options.systemd and not world.rebooted:
        if world.guard.status == "stopped":
            yield "systemd's watchdog kills the guard", die(world, "guard")
        if world.guard.status == "dead":
            again = Process("running", automata.start("guard"))
            yield "systemd starts the guard again", world._replace(guard=again, line="new")


def from_people(world: World, options: Options, automata: Automata) -> Iterator[tuple[str, World]]:
    """Yield the commands that can begin."""
    for name in options.commands:
        can = state(world) == "pending" if name != "recover" else world.record or world.older
        if process(world, name).status == "none" and can:
            began = world._replace(**{name: Process("running", automata.start(name))})
            late = began.after_deadline | ({name} if world.overdue else set())
            yield f"{name} begins", began._replace(after_deadline=frozenset(late))


def mending(world: World) -> Iterator[tuple[str, World]]:
    """Yield what ends a fault, some time or never."""
    for name in NAMES:
        status, at = process(world, name)
        if status in ("stopped", "disk"):
            synced = len(world.journal) if status == "disk" else world.synced
            running = {name: Process("running", at), "synced": synced}
            yield f"{name} goes on", world._replace(**running)
        if status == "zombie":
            yield f"the zombie of {name} ends", gone(world, name, Process("dead", at))
    if world.full:
        yield "the disk has room again", world._replace(full=False)


def faults(world: World, options: Options, automata: Automata) -> Iterator[tuple[str, World]]:
    """Yield every fault that can happen now."""
    if world.left:
        for kind, label, after in _faults(world, options, automata):
            yield label, with_fault(after, kind)


def _faults(world: World, options: Options, automata: Automata) -> Iterator[tuple[str, str, World]]:
    for name in NAMES:
        status, at = process(world, name)
        if "kill" in options.kinds and status in ALIVE - {"disk"}:
            yield f"kill {name}", f"SIGKILL {name}", die(world, name)
        if "stop" in options.kinds and status == "running":
            yield (
                f"stop {name}",
                f"SIGSTOP {name}",
                world._replace(**{name: Process("stopped", at)}),
            )
    if "full" in options.kinds and not world.full and world.record:
        yield "full", "the disk is full", world._replace(full=True)
    if "spoil" in options.kinds and world.journal[-1:] in tuple("pcCur"):
        cut = world.journal[:-1]
        spoiled = world._replace(journal=cut, synced=min(world.synced, len(cut)))
        yield "spoil", "the journal's last line is spoiled", spoiled
    if "power" in options.kinds and world.record and not world.rebooted:
        for length in range(world.synced, len(world.journal) + 1):
            yield (
                "power",
                f"power cut after {length} lines",
                _rebooted(world, length, options, automata),
            )


def _rebooted(world: World, length: int, options: Options, automata: Automata) -> World:
    """Return the world after a power cut: the kernel is as the files say."""
    for name in NAMES:
        if process(world, name).status in (*ALIVE, "zombie"):
            world = gone(world, name, Process("dead", process(world, name).at))
    world = world._replace(
        journal=world.journal[:length],
        synced=length,
        rebooted=True,
        kernel=options.operations if world.files == 2 else 0,
        full=False,
        message="",
        line="none",
        older_chosen=False,
    )
    if world.recover.status != "none":
        world = world._replace(recover=Process())
    if options.systemd and state(world) not in FINISHED:
        world = world._replace(recover=Process("running", automata.start("recover")))
    return world
