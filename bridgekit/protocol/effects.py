"""What a program of the protocol can ask for. What comes of it is a bool unless it says otherwise.

False: it could not be done. Whatever an effect changes may then be half-done.
"""

from collections.abc import Generator
from typing import Any, Literal, TypeAlias, TypeVar

from msgspec import Struct

from bridgekit.protocol.decide import Reason

Event = Literal["verified", "pending", "committing", "committed", "undoing", "rolled-back"]
Notice = Literal["armed", "limit", "finished", "gone", "time", "confirm", "rollback"]
"""What ends a guard's waiting. "limit": the executor takes too long to verify its change."""
Ending = Literal[
    "pending",  # the change waits for its confirmation, as it should
    "kept",
    "rolled-back",
    "incomplete",  # rolled back, but differences are left
    "unnoted",  # ended, but the journal does not say so, for it cannot be written
    "refused",  # nothing was changed
    "busy",  # another process is at work
]
"""How a program ended."""
FINAL = frozenset({"kept", "rolled-back", "incomplete", "unnoted"})
"""Endings after which there is nothing left to guard."""


class TakeLock(Struct, frozen=True):
    """Take the lock of the namespace; with `wait`, in bounded time, from a process that hangs."""

    wait: bool = True


class ReleaseLock(Struct, frozen=True):
    """Release it."""


class Create(Struct, frozen=True):
    """Write the record, synced, and arrange that the next boot recovers."""


class StartGuard(Struct, frozen=True):
    """Start the guard, connected to this process until this process ends."""


class Execute(Struct, frozen=True):
    """Carry out operation number `step`."""

    step: int


class Verify(Struct, frozen=True):
    """Read the machine; compare it with the target state; probe what answered before."""


class Arm(Struct, frozen=True):
    """Give the guard the deadline; False unless it acknowledges."""


class Note(Struct, frozen=True):
    """Append an event to the journal."""

    event: Literal[Event, "started", "incomplete"]
    step: int = 0


class Compare(Struct, frozen=True):
    """Compare the machine with what was verified."""


class CheckFiles(Struct, frozen=True):
    """Check that the files are those of the plan, and that who reads them takes the new ones."""


class ReplaceFiles(Struct, frozen=True):
    """Replace the files by the new ones."""


class Conclude(Struct, frozen=True):
    """Do what a kept change needs beside files: ifupdown's state, the transaction rolled back."""


class StartService(Struct, frozen=True):
    """Start the PXE service of a kept change; nothing depends on it."""


class RollBackKernel(Struct, frozen=True):
    """Roll back the operations; False if the machine differs from before afterwards."""


class RollBackFiles(Struct, frozen=True):
    """Restore the files and what `Conclude` did."""


class Look(Struct, frozen=True):
    """Read everything that a decision depends on: a View."""

    reason: Reason


class Wait(Struct, frozen=True):
    """Wait until something concerns the guard: a Notice."""


class Acknowledge(Struct, frozen=True):
    """Tell the executor that the guard has its deadline."""


class EndExecutor(Struct, frozen=True):
    """Kill the executor if it is still connected."""


class EndGuard(Struct, frozen=True):
    """Kill the guard, if there is one: this process does its work now."""


class RestoreGuard(Struct, frozen=True):
    """Start a guard for a change that goes on waiting, if it has none any more."""


class Order(Struct, frozen=True):
    """Have the guard decide: an Ending, or None where no guard moves any more."""

    reason: Literal["confirm", "rollback"]


class SendAnswer(Struct, frozen=True):
    """Answer the order that was accepted last, if its caller still waits."""

    ending: Ending


Effect: TypeAlias = (
    TakeLock
    | ReleaseLock
    | Create
    | StartGuard
    | Execute
    | Verify
    | Arm
    | Note
    | Compare
    | CheckFiles
    | ReplaceFiles
    | Conclude
    | StartService
    | RollBackKernel
    | RollBackFiles
    | Look
    | Wait
    | Acknowledge
    | EndExecutor
    | EndGuard
    | RestoreGuard
    | Order
    | SendAnswer
)
ReturnT = TypeVar("ReturnT")
Program: TypeAlias = Generator[Effect, Any, ReturnT]
Steps: TypeAlias = Generator[Effect, bool, bool]
"""A part of a program that goes on as long as its effects can be done; returns whether all were."""
