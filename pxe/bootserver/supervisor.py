"""Keeping a daemon running: its words passed on, started again when it ends by itself."""

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

Heard = Callable[[str], None]
ENDS, SECONDS = 5, 60.0
PATIENCE = 5.0


class CrashLoopError(Exception):
    """A daemon that can't be kept running; its text is one sentence."""


@dataclass(slots=True)
class SupervisedDaemon:
    """One daemon, from `run` until that is cancelled. `ready` is set by its first ready line."""

    daemon: Daemon
    heard: Heard
    ready_words: str
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    ends: deque[float] = field(default_factory=lambda: deque(maxlen=ENDS))

    async def run(self) -> None:
        """Start it, and again whenever it ends. Raises CrashLoopError if that is too often."""
        self.daemon.file.write_text(self.daemon.text)
        while True:
            process = await asyncio.create_subprocess_exec(
                *self.daemon.argv, stdout=PIPE, stderr=STDOUT, start_new_session=True
            )
            listening = asyncio.create_task(self._listen(process))
            try:
                await _until_ended(process)
            except asyncio.CancelledError:
                with suppress(ProcessLookupError):
                    process.terminate()
                await asyncio.wait((asyncio.create_task(_until_ended(process)),), timeout=PATIENCE)
                raise
            finally:
                await _clean_up(process)
                await listening
            self._count(process.returncode)

    async def _listen(self, process: Process) -> None:
        assert process.stdout
        while line := await process.stdout.readline():
            text = _printable(line.decode(errors="replace").rstrip())
            self.heard(text)
            if self.ready_words in text:
                self.ready.set()

    def _count(self, code: int | None) -> None:
        self.ends.append(time.monotonic())
        if len(self.ends) == ENDS and self.ends[-1] - self.ends[0] < SECONDS:
            raise CrashLoopError(
                f"{self.daemon.name} ended {ENDS} times in a minute, last with {code}"
            )
        self.heard(f"pxe: {self.daemon.name} ended by itself (code {code}); it is started again")


def _printable(line: str) -> str:
    """What a client has made a daemon say does nothing to the terminal that shows it."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


async def _until_ended(process: Process) -> None:
    """asyncio's own wait goes on as long as a worker of the dead process keeps its pipe open."""
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


async def _clean_up(process: Process) -> None:
    """End it, and all that it has started: a killed nginx leaves workers that hold its port."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    with suppress(ChildProcessError):  # those are the first process's children now, which we are
        while os.waitpid(-process.pid, 0):
            pass
