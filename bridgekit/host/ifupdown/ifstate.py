"""ifupdown's record of the interfaces that it has brought up. See ifup(8)."""

import fcntl
from collections.abc import Collection, Iterable
from pathlib import Path

STATE_FOLDER = Path("/run/network")
LOCK, IFSTATE = ".ifstate.lock", "ifstate"
STATE_FILE_OF_NG = Path("/run/ifstate")
EXPLICIT = " 1 explicit"
"""How often ifupdown-ng was asked for an interface, and that no other one needs it."""


def recorded(dialect: str, links: Collection[str]) -> tuple[str, ...]:
    """Return what is recorded of these interfaces and their aliases: NAME=STANZA, or names.

    Raises:
        OSError: The file cannot be read.
    """
    path = STATE_FILE_OF_NG if dialect == "ifupdown-ng" else STATE_FOLDER / IFSTATE
    lines = path.read_text().splitlines() if path.exists() else []
    return tuple(line.removesuffix(EXPLICIT) for line in lines if _link(line) in links)


def record_running(dialect: str, links: Collection[str], running: Collection[str]) -> None:
    """Record which of these interfaces and their aliases are up: `running` has NAME=STANZA.

    ifupdown2's record cannot be changed: it holds more than that.

    Raises:
        OSError: The files cannot be written.
    """
    if dialect == "ifupdown-ng":
        _rewrite(STATE_FILE_OF_NG, links, [line + EXPLICIT for line in running])
    if dialect == "classic":
        _record_in_classic(links, running)


def _record_in_classic(links: Collection[str], running: Collection[str]) -> None:
    """Write the files under the lock that ifup and ifdown hold when they write them."""
    STATE_FOLDER.mkdir(exist_ok=True)
    with open(STATE_FOLDER / LOCK, "a") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        _rewrite(STATE_FOLDER / IFSTATE, links, running)
    for file in STATE_FOLDER.glob(f"{IFSTATE}.*"):
        if _link(file.name.removeprefix(f"{IFSTATE}.")) in links:
            file.unlink()
    for name, _, stanza in (line.partition("=") for line in running):
        (STATE_FOLDER / f"{IFSTATE}.{name}").write_text(f"{stanza}\n")


def _rewrite(path: Path, links: Collection[str], running: Iterable[str]) -> None:
    """Replace the lines of these interfaces, in one step."""
    lines = path.read_text().splitlines() if path.exists() else []
    others = [line for line in lines if _link(line) not in links]
    new = path.with_name(".ifstate.tmp")
    new.write_text("".join(f"{line}\n" for line in (*others, *running)))
    new.replace(path)


def _link(name: str) -> str:
    """Return the interface of a name, an alias or a line NAME=STANZA."""
    return name.partition(" ")[0].partition("=")[0].partition(":")[0]
