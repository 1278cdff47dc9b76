"""Keeping a service what it was asked to be: its interface comes back whenever its process does.

A container's interface goes with its network namespace: at `docker restart`, after a crash, when
the engine is restarted, at a reboot. A process of ours waits for the end of the container's first
process, by a pidfd, and attaches the next one. Where systemd runs the host, it is a service of its
own, which the next boot starts, too.
"""

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msgspec.structs import asdict

from bridgekit.errors import BridgekitError
from bridgekit.pxe.engines import processes
from bridgekit.pxe.engines.processes import Process
from bridgekit.pxe.files import ServiceDir
from bridgekit.system import atomic_file, systemd_unit
from bridgekit.system.namespaces import systemd_manages_us
from bridgekit.system.process import CommandError, run

UNITS = Path("/etc/systemd/system")
UNIT = """\
[Unit]
Description=Keep bridgekit's PXE service on {bridge}
Wants=network-online.target
After=network-online.target docker.service

[Service]
{environment}ExecStart={command}
KillMode=process
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
"""
AGAIN = 1.0
"""Seconds between two looks while the service is down: an engine that is down tells of nothing."""


def start(bridge: str, home: ServiceDir) -> None:
    """Start the keeper of this service, unless it runs; it outlives the caller and its session."""
    argv = ("-P", "-m", "bridgekit", "pxe", "keep", bridge, "--state-dir", str(home.state))
    if systemd_manages_us():
        text = UNIT.format(
            bridge=bridge,
            environment=systemd_unit.environment_lines(),
            command=systemd_unit.command((sys.executable, *argv)),
        )
        atomic_file.write(UNITS / _unit(home), text.encode())
        run("systemctl", "daemon-reload")
        run("systemctl", "enable", "--quiet", "--now", _unit(home))
    elif not _running(home):
        process = _launch(argv, home)
        atomic_file.write(home.path / "keeper.json", json.dumps(asdict(process)).encode())


def stop(home: ServiceDir) -> None:
    """End the keeper; fine if there is none."""
    if (UNITS / _unit(home)).exists() and systemd_manages_us():
        with suppress(CommandError):
            run("systemctl", "disable", "--quiet", "--now", _unit(home))
        atomic_file.write(UNITS / _unit(home), None)
        run("systemctl", "daemon-reload")
    if process := _running(home):
        processes.end(process)


def keep(pid: Callable[[], int | None], mend: Callable[[], None]) -> None:
    """Mend whenever the process is another one or none, for ever; `pid` and `mend` may fail."""
    known: int | None = None
    while True:
        with suppress(BridgekitError, OSError):
            if (now := pid()) is None or now != known:
                known = None
                mend()
                known = pid()
        if known is None or not _wait_for_end(known):
            threading.Event().wait(AGAIN)


def _wait_for_end(pid: int) -> bool:
    """Return True when it has ended, False at once if it can't be waited for."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    with os.fdopen(handle):
        select.select([handle], [], [])
    return True


def _launch(argv: tuple[str, ...], home: ServiceDir) -> Process:
    with (home.path / "keeper.log").open("w") as log:
        child = subprocess.Popen(
            (sys.executable, *argv),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    return Process(child.pid, processes.started(child.pid) or 0)


def _running(home: ServiceDir) -> Process | None:
    note = home.path / "keeper.json"
    process = Process(**json.loads(note.read_text())) if note.exists() else None
    return process if process and process.alive() else None


def _unit(home: ServiceDir) -> str:
    return f"{home.name}.service"
