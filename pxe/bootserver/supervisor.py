"""Supervision of a daemon: its output is passed on, and it is started again when it exits."""

import asyncio
import os
import signal
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from .daemons import Daemon

LineHandler = Callable[[str], None]
MAX_EXITS, EXIT_WINDOW = 5, 60.0
TERM_SECONDS = 5.0


class CrashLoopError(Exception):
    """A daemon exits again and again; the text is one sentence."""


@dataclass(slots=True)
class SupervisedDaemon:
    """One daemon; `ready` is set by its first line with `ready_text`."""

    daemon: Daemon
    on_line: LineHandler
    ready_text: str
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    exits: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_EXITS))

    async def run(self) -> None:
        """Start it, and again whenever it exits. Raises CrashLoopError if that is too often."""
        self.daemon.file.write_text(self.daemon.text)
        while True:
            process = await asyncio.create_subprocess_exec(
                *self.daemon.argv, stdout=PIPE, stderr=STDOUT, start_new_session=True
            )
            listening = asyncio.create_task(self._listen(process))
            try:
                await _wait_for_exit(process)
            except asyncio.CancelledError:
                with suppress(ProcessLookupError):
                    process.terminate()
                await asyncio.wait(
                    (asyncio.create_task(_wait_for_exit(process)),), timeout=TERM_SECONDS
                )
                raise
            finally:
                await _kill_group(process)
                await listening
            self._count(process.returncode)

    async def _listen(self, process: Process) -> None:
        assert process.stdout
        while line := await process.stdout.readline():
            text = _printable(line.decode(errors="replace").rstrip())
            self.on_line(text)
            if self.ready_text in text:
                self.ready.set()

    def _count(self, code: int | None) -> None:
        self.exits.append(time.monotonic())
        if len(self.exits) == MAX_EXITS and self.exits[-1] - self.exits[0] < EXIT_WINDOW:
            raise CrashLoopError(
                f"{self.daemon.name} ended {MAX_EXITS} times in a minute, last with {code}"
            )
        self.on_line(f"pxe: {self.daemon.name} ended by itself (code {code}); it is started again")


def _printable(line: str) -> str:
    """Replace control characters: a client may have put them into the log that a terminal shows."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


async def _wait_for_exit(process: Process) -> None:
    """Wait for the process alone: `Process.wait` also waits for workers that keep its pipe open."""
    ended = asyncio.Event()
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    asyncio.get_running_loop().add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)


async def _kill_group(process: Process) -> None:
    """Kill it and all that it started: a killed nginx leaves workers that hold its port."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    with suppress(ChildProcessError):  # those are the first process's children now, which we are
        while os.waitpid(-process.pid, 0):
            pass
