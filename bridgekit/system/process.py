"""Run another program by argument vector; never through a shell."""

import shlex
import subprocess
import textwrap

from bridgekit.errors import BridgekitError


class CommandError(BridgekitError):
    """A program could not be started, took too long, or ended with a code other than 0."""


def run(*argv: str, timeout: float = 60, stdin: str | None = None) -> str:
    """Return the program's standard output; raise CommandError with its last words otherwise."""
    try:
        done = subprocess.run(
            argv, input=stdin, capture_output=True, timeout=timeout, errors="replace", check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"{_shortened(argv)}: {error}") from error
    if done.returncode:
        last_words = (done.stderr or done.stdout).strip()[-500:]
        raise CommandError(f"{_shortened(argv)} ended with {done.returncode}: {last_words}")
    return done.stdout


def _shortened(argv: tuple[str, ...]) -> str:
    """Return the program and as many of its words as leave room for the reason."""
    return textwrap.shorten(shlex.join(argv), 120, placeholder=" …")
