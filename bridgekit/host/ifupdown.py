"""ifupdown on this host: would it take new files, and what does it take to be up? See ifup(8)."""

import ctypes
import fcntl
import os
import subprocess
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bridgekit.errors import BridgekitError

STATE = Path("/run/network")
LOCK, LIST = ".ifstate.lock", "ifstate"
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
SECONDS = 30
LAST_WORDS = 500


class UnprovenError(BridgekitError):
    """ifup could not be asked."""


def refusal(main: str, contents: Mapping[str, bytes], bridge: str) -> str | None:
    """Return what ifup has against these contents of its files; None if it takes them.

    Nothing is changed: it is asked in a mount namespace of its own, in which the new contents lie
    over the files. UnprovenError if there can be none. Equivalent to: ifup --no-act BRIDGE
    """
    with TemporaryDirectory(prefix="bridgekit-") as folder:
        over: dict[Path, Path] = {}
        for number, (path, content) in enumerate(contents.items()):
            copy = Path(folder, str(number))
            copy.write_bytes(content)
            if Path(path).exists():
                over[Path(path).resolve()] = copy
            elif path == main:
                main = str(copy)
        state = ("--state-dir", folder)  # of its own: what is up already would not be tried
        argv = ("ifup", "--no-act", "--no-mappings", *state, "-i", main, bridge)
        done = _ran(argv, over)
    return (done.stderr or done.stdout).strip()[-LAST_WORDS:] if done.returncode else None


def _ran(argv: tuple[str, ...], over: Mapping[Path, Path]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            argv,
            preexec_fn=partial(_lay_over, over),
            capture_output=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnprovenError(f"ifup cannot be asked: {error}") from error


def _lay_over(over: Mapping[Path, Path]) -> None:
    """Let this process alone see some files in the place of others."""
    _checked(LIBC.unshare(CLONE_NEWNS))
    _checked(LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    for path, copy in over.items():
        _checked(LIBC.mount(os.fsencode(copy), os.fsencode(path), None, MS_BIND, None))


def _checked(result: int) -> None:
    if result:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def note_running(links: Collection[str], running: Collection[str]) -> None:
    """Let ifupdown know that of these interfaces and their aliases those, as NAME=SECTION, are up.

    OSError if its files cannot be written. It does the same, under the same lock, at the end of
    ifup and ifdown.
    """
    STATE.mkdir(exist_ok=True)
    with open(STATE / LOCK, "a") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        lines = (STATE / LIST).read_text().splitlines() if (STATE / LIST).exists() else []
        left = [line for line in lines if _link(line) not in links]
        new = STATE / ".ifstate.tmp"
        new.write_text("".join(f"{line}\n" for line in (*left, *running)))
        new.replace(STATE / LIST)
    for file in STATE.glob(f"{LIST}.*"):
        if _link(file.name.removeprefix(f"{LIST}.")) in links:
            file.unlink()
    for name, _, section in (line.partition("=") for line in running):
        (STATE / f"{LIST}.{name}").write_text(f"{section}\n")


def _link(name: str) -> str:
    """The interface that a name, an alias or a line is about."""
    return name.partition("=")[0].partition(":")[0]
