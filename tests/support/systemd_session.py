"""Someone logs in to a guest, at a terminal of a session that logind knows."""

import contextlib
import json
import socket
from typing import Final

from tests.support.programs import program_text
from tests.support.systemd_guest import SECONDS, Machine

VISITOR: Final = "visitor.service"
PROMPT: Final = b":~# "
LOGIN: Final = ("/sbin/agetty", "--autologin", "root", "--local-line", "ttyS2", "vt100")


def log_in(machine: Machine, line: str) -> None:
    """Log in as root at the terminal, and type a line when the shell is ready."""
    machine.run("systemctl", "start", "systemd-logind.service", "systemd-user-sessions.service")
    _drain(machine.terminal)
    machine.run("systemd-run", "--quiet", "--collect", f"--unit={VISITOR}", *LOGIN)
    seen = b""
    while not seen.endswith(PROMPT):
        more = machine.terminal.recv(4096)
        assert more, seen
        seen += more
    machine.terminal.sendall(line.encode() + b"\r")


def _drain(terminal: socket.socket) -> None:
    """Read what an earlier visitor has left unread."""
    terminal.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while terminal.recv(4096):
            pass
    terminal.settimeout(SECONDS)


def session(machine: Machine) -> str:
    """The id of the only session that someone has."""
    found = json.loads(machine.run("loginctl", "list-sessions", "--json=short"))
    (id,) = (one["session"] for one in found if one["class"].startswith("user"))
    return str(id)


def main_process(machine: Machine, unit: str) -> int:
    """The main process of a service that runs."""
    found = int(machine.run("systemctl", "show", "--value", "--property=MainPID", unit))
    assert found > 0, unit
    return found


def until_ended(machine: Machine, process: int) -> None:
    machine.run(*program_text("wait_for_process", str(process)))
