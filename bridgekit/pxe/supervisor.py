"""The supervisor of a service: attaches its interface again whenever its process is a new one.

A container's interface goes with its network namespace: at `docker restart`, after a crash, when
the engine is restarted, at a reboot. A process of ours waits for the end of the container's first
process, by a pidfd, and attaches the next one. Where systemd runs the host, it is a service of its
own, which the next boot starts, too.
"""

import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bridgekit.errors import BridgekitError
from bridgekit.pxe.files import ServiceDir
from bridgekit.system import atomic_file, codec, started_process, systemd_unit
from bridgekit.system.namespaces import systemd_manages_us
from bridgekit.system.process import CommandError, run
from bridgekit.system.started_process import StartedProcess

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
RETRY_SECONDS = 1.0
"""Between two attempts while the service is down: an engine that is down reports nothing."""


def start(bridge: str, service_dir: ServiceDir) -> None:
    """Start the supervisor unless it runs; it outlives the caller and its session."""
    argv = ("-P", "-m", "bridgekit", "pxe", "keep", bridge, "--state-dir", str(service_dir.state))
    if systemd_manages_us():
        text = UNIT.format(
            bridge=bridge,
            environment=systemd_unit.environment_lines(),
            command=systemd_unit.command((sys.executable, *argv)),
        )
        atomic_file.write(UNITS / _unit(service_dir), text.encode())
        run("systemctl", "daemon-reload")
        run("systemctl", "enable", "--quiet", "--now", _unit(service_dir))
    elif not _running(service_dir):
        process = _spawn(argv, service_dir)
        codec.write(service_dir.path / "keeper.json", process)


def stop(service_dir: ServiceDir) -> None:
    """Stop the supervisor; does nothing if there is none."""
    if (UNITS / _unit(service_dir)).exists() and systemd_manages_us():
        with suppress(CommandError):
            run("systemctl", "disable", "--quiet", "--now", _unit(service_dir))
        atomic_file.write(UNITS / _unit(service_dir), None)
        run("systemctl", "daemon-reload")
    if process := _running(service_dir):
        started_process.terminate(process)


def supervise(pid: Callable[[], int | None], restore: Callable[[], None]) -> None:
    """Call `restore` whenever the process is another one or none, for ever; both may fail."""
    known: int | None = None
    while True:
        with suppress(BridgekitError, OSError):
            if (now := pid()) is None or now != known:
                known = None
                restore()
                known = pid()
        if known is None or not _wait_for_end(known):
            threading.Event().wait(RETRY_SECONDS)


def _wait_for_end(pid: int) -> bool:
    """Return True when it has ended, False at once if it cannot be waited for."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    with os.fdopen(handle):
        select.select([handle], [], [])
    return True


def _spawn(argv: tuple[str, ...], service_dir: ServiceDir) -> StartedProcess:
    with (service_dir.path / "keeper.log").open("w") as log:
        child = subprocess.Popen(
            (sys.executable, *argv),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    return StartedProcess(child.pid, started_process.start_time(child.pid) or 0)


def _running(service_dir: ServiceDir) -> StartedProcess | None:
    process = codec.read(service_dir.path / "keeper.json", StartedProcess)
    return process if process and process.is_alive() else None


def _unit(service_dir: ServiceDir) -> str:
    return f"{service_dir.name}.service"
