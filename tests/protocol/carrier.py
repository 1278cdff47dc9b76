"""Carry out the effects of the protocol's programs in the simulated world.

Each effect that other processes can see is a step of its own; those of many system calls
(operations, files) take two.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from bridgekit.protocol import effects as fx
from bridgekit.protocol import steps
from bridgekit.protocol.decide import View
from bridgekit.protocol.programs import Watch, notice
from tests.protocol.promises import broken_by
from tests.protocol.world import (
    ALIVE,
    LETTERS,
    STUCK,
    SYNCED,
    Options,
    Process,
    World,
    die,
    moves,
    order_of,
    process,
    state,
    with_fault,
    with_order,
)

CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
DONE = ("committed", "rolled-back", "taken-back")
GOES_ON = object()
"""The outcome of an effect that is not over with this step."""
ENDINGS = (*fx.FINAL, "pending", "busy", "refused")
Step = tuple[str, World, Any]


class Carrier:
    """Carry out effects. Yields label, world and outcome; no outcome: the effect goes on."""

    def __init__(self, options: Options, ended: Callable[[World], dict[str, fx.Ending]]) -> None:
        self.options, self._ended = options, ended
        self.wrong: list[str] = []

    def carry_out(self, world: World, name: str, effect: fx.Effect) -> Iterator[Step]:
        method = getattr(self, "_" + CAPITAL.sub("_", type(effect).__name__).lower())
        yield from method(world, name, effect)

    def _take_lock(self, world: World, name: str, effect: fx.TakeLock) -> Iterator[Step]:
        holder = world.lock
        if not holder or holder == name:
            yield "takes the lock", world._replace(lock=name), True
        elif not effect.wait:
            yield "busy", world, False
        elif process(world, holder).status in STUCK:
            yield f"kills {holder}, which holds the lock and is stuck", die(world, holder), GOES_ON
        elif process(world, holder).status == "zombie":
            yield f"takes the lock from {holder}'s zombie", world._replace(lock=name), True

    def _release_lock(self, world: World, name: str, effect: fx.ReleaseLock) -> Iterator[Step]:
        yield "releases the lock", world._replace(lock=""), True

    def _create(self, world: World, name: str, effect: fx.Create) -> Iterator[Step]:
        if world.full or world.rebooted:
            yield "cannot write the record", world, False
        else:
            yield "writes the record", world._replace(record=True), True

    def _start_guard(self, world: World, name: str, effect: fx.StartGuard) -> Iterator[Step]:
        if world.guard.status == "none":
            started = world._replace(guard=Process("running"), line="new")
            yield "starts the guard", started, GOES_ON
        elif world.line == "connected":
            yield "the guard is connected", world, True
        elif world.guard.status != "running" and not self.options.systemd:
            yield "the guard did not start", world, False

    def _execute(self, world: World, name: str, effect: fx.Execute) -> Iterator[Step]:
        self._check_lock(world, name)
        changed = world._replace(kernel=effect.step + 1)
        yield f"operation {effect.step}", changed, True
        if "fail" in self.options.kinds and world.left:
            yield f"operation {effect.step} fails", with_fault(changed, "fail"), False

    def _verify(self, world: World, name: str, effect: fx.Verify) -> Iterator[Step]:
        yield "verifies", world, world.kernel == self.options.operations
        if "fail" in self.options.kinds and world.left:
            yield "a probe falls silent", with_fault(world, "fail"), False

    def _arm(self, world: World, name: str, effect: fx.Arm) -> Iterator[Step]:
        if world.message == "acknowledged":
            yield "the guard has the deadline", world, True
        elif world.line != "connected" or not moves(world, "guard"):
            yield "no answer from the guard", world, False
        elif not world.message:
            yield "sends the deadline", world._replace(message="sent"), GOES_ON

    def _note(self, world: World, name: str, effect: fx.Note) -> Iterator[Step]:
        if effect.event in ("undoing", "committing"):
            ended = self._ended(world)
            self.wrong += broken_by(world, name, effect.event, ended, self.options.confirm)
        if world.older_chosen and name == "recover":
            done = effect.event == "rolled-back"
            yield "notes it of the older one", world._replace(older=world.older and not done), True
        elif world.full:
            yield f"cannot write {effect.event}", world, False
        else:
            letter = LETTERS[effect.event]
            journal = world.journal + letter
            synced = len(journal) if letter in SYNCED else world.synced
            yield f"writes {effect.event}", world._replace(journal=journal, synced=synced), True

    def _compare(self, world: World, name: str, effect: fx.Compare) -> Iterator[Step]:
        yield "compares", world, world.kernel == self.options.operations
        if "foreign" in self.options.kinds and world.left:
            yield "something is gone", with_fault(world, "foreign"), False

    def _check_files(self, world: World, name: str, effect: fx.CheckFiles) -> Iterator[Step]:
        yield "checks the files", world, not self.options.files or world.files == 0

    def _replace_files(self, world: World, name: str, effect: fx.ReplaceFiles) -> Iterator[Step]:
        self._check_lock(world, name)
        if not self.options.files:
            yield "no files", world, True
        else:
            replaced = world._replace(files=world.files + 1)
            if replaced.files == 2 and world.kernel != self.options.operations:
                self.wrong.append("S2 the files are new, the kernel is not")
            if "v" not in world.journal:
                self.wrong.append("S2 the files are new, and nothing was verified")
            yield "replaces a file", replaced, True if replaced.files == 2 else GOES_ON

    def _conclude(self, world: World, name: str, effect: fx.Effect) -> Iterator[Step]:
        yield "concludes", world, True

    _start_service = _conclude

    def _roll_back_kernel(
        self, world: World, name: str, effect: fx.RollBackKernel
    ) -> Iterator[Step]:
        self._check_lock(world, name)
        if world.rebooted:
            self.wrong.append(f"S8 {name} runs operations of another boot")
        if world.older_chosen and name == "recover" and world.kernel:
            self.wrong.append("S8 recover rolls an older transaction back under a newer one")
        kernel = max(0, world.kernel - 1)
        yield "rolls back operations", world._replace(kernel=kernel), GOES_ON if kernel else True

    def _roll_back_files(self, world: World, name: str, effect: fx.RollBackFiles) -> Iterator[Step]:
        self._check_lock(world, name)
        files = max(0, world.files - 1)
        yield "restores files", world._replace(files=files), GOES_ON if files else True

    def _look(self, world: World, name: str, effect: fx.Look) -> Iterator[Step]:
        if name == "recover" and not world.record:
            chosen = world._replace(older_chosen=world.older)
            yield "chooses", chosen, View("recover", "incomplete" if world.older else "committed")
            return
        knows = "p" in world.journal or (name == "guard" and world.armed)
        view = View(
            reason=effect.reason,
            state=state(world),
            here=not world.rebooted,
            overdue=world.overdue and knows and not world.rebooted,
            caller=name != "guard" or self._caller(world, effect.reason),
            complete=self._complete(world),
            guarded=name != "guard" and moves(world, "guard"),
        )
        if steps.decide(view) == "leave" and (view.overdue or world.guard.status != "running"):
            self.wrong.append("S3 recover leaves it to a guard that is stopped, or overdue")
        valid = view.caller and not world.overdue
        yield f"looks ({view.state})", world._replace(valid=valid), view

    def _caller(self, world: World, reason: str) -> bool:
        return reason in ("gone", "time") or order_of(world, reason) == "accepted"

    def _complete(self, world: World) -> bool:
        stands, here = state(world), not world.rebooted
        if stands in DONE or (stands == "pending" and here):
            return False
        in_kernel = not here or world.kernel == self.options.operations
        if self.options.files:
            return stands != "undoing" and world.files == 2 and in_kernel
        return (
            state(world) == "committing"
            and world.kernel == self.options.operations
            and not world.rebooted
        )

    def _wait(self, world: World, name: str, effect: fx.Wait) -> Iterator[Step]:
        if world.line == "new":
            waits = process(world, "executor").status in ALIVE
            yield "connects", world._replace(line="connected" if waits else "closed"), GOES_ON
            return
        line = {"connected": "connected", "ended": "ended"}.get(world.line, "none")
        armed = world.armed or "p" in world.journal
        watch = {"executor": line, "state": state(world), "armed": armed, "late": world.late}
        watch |= {"overdue": world.overdue, "message": world.message == "sent"}
        orders = [one for one in ("confirm", "rollback") if order_of(world, one) == "sent"]
        for order in orders or [None]:
            found = notice(Watch(**watch, order=order))
            if found:
                yield f"notices: {found}", self._noticed(world, found), found

    def _noticed(self, world: World, found: str) -> World:
        if found in ("confirm", "rollback"):
            return world._replace(orders=with_order(world, found, "accepted"))
        if found == "gone":
            return world._replace(line="closed")
        known = world.armed or found == "armed" or "p" in world.journal
        return world._replace(armed=known, late=world.late and found != "limit")

    def _acknowledge(self, world: World, name: str, effect: fx.Acknowledge) -> Iterator[Step]:
        yield "acknowledges the deadline", world._replace(message="acknowledged"), True

    def _end_executor(self, world: World, name: str, effect: fx.EndExecutor) -> Iterator[Step]:
        connected = world.line == "connected" and process(world, "executor").status in ALIVE
        yield "ends the executor", die(world, "executor") if connected else world, True

    def _end_guard(self, world: World, name: str, effect: fx.EndGuard) -> Iterator[Step]:
        alive = process(world, "guard").status in ALIVE
        yield "ends the guard", die(world, "guard") if alive else world, True

    def _restore_guard(self, world: World, name: str, effect: fx.RestoreGuard) -> Iterator[Step]:
        started = world._replace(guard=Process("running"), line="new")
        alive = process(world, "guard").status in ALIVE
        yield "sees that there is a guard", world if alive else started, True

    def _order(self, world: World, name: str, effect: fx.Order) -> Iterator[Step]:
        order, guard = order_of(world, name), world.guard.status
        if order in ENDINGS:
            yield f"hears: {order}", world._replace(orders=with_order(world, name, None)), order
        elif guard in STUCK:
            quiet = die(world, "guard")._replace(orders=with_order(world, name, None))
            yield "kills the guard, which is stuck", quiet, None
        elif guard not in ALIVE or world.rebooted or order == "lost":
            yield "no guard", world._replace(orders=with_order(world, name, None)), None
        elif order is None:
            yield "sends its order", world._replace(orders=with_order(world, name, "sent")), GOES_ON

    def _send_answer(self, world: World, name: str, effect: fx.SendAnswer) -> Iterator[Step]:
        orders = world.orders
        for one in ("confirm", "rollback"):
            if order_of(world, one) == "accepted":
                orders = with_order(world, one, effect.ending)
        yield f"answers: {effect.ending}", world._replace(orders=orders), True

    def _check_lock(self, world: World, name: str) -> None:
        if world.lock != name:
            self.wrong.append(f"S1 {name} changes something without the lock")
