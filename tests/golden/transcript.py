"""Sessions: what is typed in them, and what comes of it now."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from bridgekit.cli import HIDDEN, bridgekit
from bridgekit.lab.topology import Lab

FOLDER: Final = Path(__file__).parent
ROOT: Final = FOLDER.parents[1]
VARIES: Final = (
    (re.escape(sys.executable), "PYTHON"),
    (re.escape(str(ROOT)), "HERE"),
    (r"\b(\d{6})-[0-9a-f]{4}\b", r"\1-xxxx"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "DATE TIME"),
    (r'("created"|"deadline"|"seconds_left")(: ?)[1-9][0-9.]+', r"\1\2SECONDS"),
    (r"\b(5\d\d|600) s\b", "600 s"),
    (r"\d+ operations done in \d+ ms", "N operations done in N ms"),
    (r"\b[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}-\d+\.lock", "PLACE.lock"),
)
"""What differs from run to run, and what stands for it."""

ENVIRONMENT: Final = {
    "PATH": f"{FOLDER}/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "PYTHON": sys.executable,
    "PYTHONPATH": str(ROOT),
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "TERM": "dumb",
    "COLUMNS": "80",
}


def files() -> list[Path]:
    """The recorded sessions."""
    return sorted(FOLDER.glob("*/*.txt"))


def helps() -> dict[Path, str]:
    """A session for each verb's help, hidden verbs too."""
    asked = {".".join(words): " ".join(words) for words in verbs(("bridgekit",), bridgekit)}
    return {FOLDER / f"help/{name}.txt": f"$ {verb} --help\n" for name, verb in asked.items()}


def verbs(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, ...]]:
    """Walk from a command to all below it."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        hidden = HIDDEN if command is bridgekit else ()
        for name in (*command.list_commands(context), *hidden):
            found = command.get_command(context, name)
            assert found, name
            yield from verbs((*words, name), found)


def played(lab: Lab, session: str) -> str:
    """The session as it goes now; the gateway asks nobody, so that no neighbours come and go."""
    for family in ("ipv4", "ipv6"):
        lab.hosts["gateway"].sysctl(f"net.{family}.neigh.eth0.delay_first_probe_time", "3600")
    typed = (line for line in session.splitlines() if line.startswith(("#", "$")))
    return "\n".join(_played(lab, line) for line in typed)


def _played(lab: Lab, line: str) -> str:
    if line.startswith("#"):
        return f"{line}\n"
    given = (f"{key}={value}" for key, value in ENVIRONMENT.items())
    done = lab.run("host", "env", "-i", *given, "sh", "-c", line[2:], check=False, timeout=60)
    ended = f"= {done.code}\n" if done.code else ""
    return f"{line}\n{_marked('  ', done.stdout)}{_marked('! ', done.stderr)}{ended}"


def _marked(mark: str, text: str) -> str:
    """Each line behind the mark; a backslash stands for a last line end that is missing."""
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    lines = text.removesuffix("\n").split("\n") if text else ()
    end = "\n" if text.endswith("\n") else "\\\n"
    marked = "\n".join(f"{mark}{line}" if line else mark.rstrip() for line in lines)
    return marked + end if lines else ""
