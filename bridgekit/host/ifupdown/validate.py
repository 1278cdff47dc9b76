"""ifupdown on this host: would it take new files, and what does it take to be up? See ifup(8).

Its dialects are `classic`, `ifupdown2` and `ifupdown-ng`.
"""

import ctypes
import fcntl
import os
import subprocess
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bridgekit.errors import BridgekitError

ASKED = {
    "classic": "ifup --no-act --no-mappings --state-dir {state} -i {main} {bridge}",
    "ifupdown2": "ifup --syntax-check -i {main} -a",
    "ifupdown-ng": "ifup --no-act --state-file {state}/state -i {main} {bridge}",
}
"""How each is asked. Its own state is not used: what is up already would not be tried."""
STATE, STATE_OF_NG = Path("/run/network"), Path("/run/ifstate")
LOCK, LIST = ".ifstate.lock", "ifstate"
EXPLICIT = " 1 explicit"
"""How often ifupdown-ng was asked for an interface, and that it was not for the sake of another."""
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
SECONDS = 30
LAST_WORDS = 500


class UnprovenError(BridgekitError):
    """ifup could not be asked."""


def refusal(dialect: str, main: str, contents: Mapping[str, bytes], bridge: str) -> str | None:
    """Return what this ifup has against these contents of its files; None if it takes them.

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
        words = {"state": folder, "main": main, "bridge": bridge}
        done = _ran(tuple(word.format(**words) for word in ASKED[dialect].split()), over)
    said = (done.stderr or done.stdout).strip()
    if dialect == "ifupdown2":  # it counts warnings, too, and brings all up in spite of them
        said = "\n".join(line for line in said.splitlines() if line.startswith("error"))
    return said[-LAST_WORDS:] if done.returncode and said else None


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


def note_running(dialect: str, links: Collection[str], running: Collection[str]) -> None:
    """Let ifupdown know that of these interfaces and their aliases those, as NAME=STANZA, are up.

    OSError if its files cannot be written. ifupdown2 cannot be told: its books hold more than that.
    """
    if dialect == "ifupdown-ng":
        _rewrite(STATE_OF_NG, links, [line + EXPLICIT for line in running])
    if dialect == "classic":
        _note_in_classic(links, running)


def _note_in_classic(links: Collection[str], running: Collection[str]) -> None:
    """Write the files under the lock that ifup and ifdown hold when they write them."""
    STATE.mkdir(exist_ok=True)
    with open(STATE / LOCK, "a") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        _rewrite(STATE / LIST, links, running)
    for file in STATE.glob(f"{LIST}.*"):
        if _link(file.name.removeprefix(f"{LIST}.")) in links:
            file.unlink()
    for name, _, stanza in (line.partition("=") for line in running):
        (STATE / f"{LIST}.{name}").write_text(f"{stanza}\n")


def _rewrite(path: Path, links: Collection[str], running: Iterable[str]) -> None:
    lines = path.read_text().splitlines() if path.exists() else []
    left = [line for line in lines if _link(line) not in links]
    new = path.with_name(".ifstate.tmp")
    new.write_text("".join(f"{line}\n" for line in (*left, *running)))
    new.replace(path)


def _link(name: str) -> str:
    """Return the interface of a name, an alias or a line NAME=STANZA."""
    return name.partition("=")[0].partition(":")[0]
