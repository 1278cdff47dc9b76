"""Quote values for unit files: systemd.unit(5), systemd.service(5)."""

import os
from collections.abc import Iterable

KEPT = ("PYTHONPATH", "BRIDGEKIT_CACHE_DIR", "DOCKER_HOST")
"""Variables that a service needs: where programs, roots and engines are."""


def environment() -> list[tuple[str, str]]:
    """Return what a service gets of our environment."""
    return [(key, os.environ[key]) for key in KEPT if key in os.environ]


def quoted(word: str) -> str:
    """Return a word in double quotes, with nothing in it expanded."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def command(argv: Iterable[str]) -> str:
    """Return an argument vector for ExecStart; only there a dollar sign would be expanded."""
    return " ".join(quoted(word.replace("$", "$$")) for word in argv)


def environment_lines() -> str:
    """Return the lines of a [Service] section that hand on our environment."""
    return "".join(f"Environment={quoted(f'{key}={value}')}\n" for key, value in environment())
