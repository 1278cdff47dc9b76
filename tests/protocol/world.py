"""A simulated host: processes, journal, lock, sockets and clock, as one value.

A process is running, stopped (SIGSTOP, a frozen cgroup), in the disk
(an fsync that hangs), a zombie (killed there), dead or ended.
"""

from typing import Any, NamedTuple

from bridgekit.protocol.decide import State

NAMES = ("executor", "guard", "confirm", "rollback", "recover")
ALIVE = frozenset({"running", "stopped", "disk"})
STUCK = frozenset({"stopped", "disk"})
LETTERS: dict[str, str] = {
    **{"started": "s", "verified": "v", "pending": "p", "committing": "c"},
    **{"committed": "C", "undoing": "u", "rolled-back": "r", "incomplete": "i"},
}
STATES: dict[str, State] = {
    **{"p": "pending", "c": "committing", "C": "committed"},
    **{"u": "undoing", "r": "rolled-back", "i": "incomplete"},
}
SYNCED = frozenset("cCr")


class Process(NamedTuple):
    """A process: its status, and the number of its program's position."""

    status: str = "none"
    at: int = -1


class World(NamedTuple):
    """Everything that a step can depend on.

    `files`: 0 old, 1 between, 2 new; `kernel` likewise, from 0 to the number of operations.
    """

    executor: Process
    guard: Process = Process()
    confirm: Process = Process()
    rollback: Process = Process()
    recover: Process = Process()
    lock: str = ""
    journal: str = ""
    synced: int = 0
    record: bool = False
    kernel: int = 0
    files: int = 0
    rebooted: bool = False
    full: bool = False
    overdue: bool = False
    late: bool = False
    line: str = "none"
    """Between executor and guard: none, new (the guard has not tried), connected, ended, closed."""
    message: str = ""
    """The deadline on its way: sent, then acknowledged."""
    armed: bool = False
    orders: tuple[Any, Any] = (None, None)
    """Of confirm and rollback: None, sent, accepted, lost with the guard, or the answer."""
    valid: bool = False
    """The last decision was made in time, for a caller who waits."""
    older: bool = False
    """An older transaction is incomplete."""
    older_chosen: bool = False
    after_deadline: frozenset[str] = frozenset()
    """Commands that began after the deadline."""
    left: int = 0
    used: tuple[str, ...] = ()


class Options(NamedTuple):
    """What is explored: how many faults, which, and what the host has."""

    faults: int = 1
    commands: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("kill", "stop", "power", "full", "spoil", "fail", "disk", "foreign")
    systemd: bool = False
    files: bool = True
    confirm: bool = True
    older: bool = False
    operations: int = 2


def state(world: World) -> State:
    """Return where the transaction stands by its journal."""
    known = [STATES[letter] for letter in world.journal if letter in STATES]
    return known[-1] if known else "changing"


def process(world: World, name: str) -> Process:
    found: Process = getattr(world, name)
    return found


def die(world: World, name: str) -> World:
    """End a process; one that hangs in the disk stays, as a zombie, until the disk answers."""
    status, at = process(world, name)
    if status == "disk":
        return world._replace(**{name: Process("zombie", at)})
    return gone(world, name, Process("dead", at))


def gone(world: World, name: str, process: Process) -> World:
    """Return the world without this process: the kernel releases what it held."""
    changes: dict[str, Any] = {name: process}
    if world.lock == name:
        changes["lock"] = ""
    if name == "executor" and world.line == "connected":
        changes["line"] = "ended"
    if name == "guard":
        lost = tuple("lost" if one in ("sent", "accepted") else one for one in world.orders)
        changes |= {"line": "closed", "armed": False, "orders": lost}
    if name in ("confirm", "rollback"):
        changes["orders"] = with_order(world, name, None)
    return world._replace(**changes)


def with_order(world: World, name: str, order: Any) -> tuple[Any, Any]:
    first, second = world.orders
    return (order, second) if name == "confirm" else (first, order)


def order_of(world: World, name: str) -> Any:
    return world.orders[name == "rollback"]


def moves(world: World, name: str) -> bool:
    return process(world, name).status == "running"


def with_fault(world: World, fault: str) -> World:
    """Use up a fault."""
    return world._replace(left=world.left - 1, used=tuple(sorted((*world.used, fault))))
