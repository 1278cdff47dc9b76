"""In the guest: let the host hold a command before a step, and choose when it goes on.

A step is a call that changes the disk or the kernel. Commands of a verb are held while there is a
pipe /run/stepping/VERB, for the name of the step, at those steps whose names match the pattern in
/run/stepping/at; a word from the pipe /run/stepping/go lets them go on. A machine that has just
booted has none of these. Python runs this file when it starts.

It also makes `pyroute2` a plain package: when that starts it loads all of its parts, of which the
program needs a few, and in this slow machine that takes as long as all the rest.
"""

import atexit
import os
import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

STEPPING = Path("/run/stepping")
OURS = ("/etc/", "/var/lib/bridgekit")
CALLS = {"fsync": 0, "replace": 1, "rename": 1, "link": 1, "unlink": 0, "symlink": 1, "mkdir": 0}
"""Those that are steps, and which of their arguments is the file."""


def is_chosen(step: str) -> bool:
    """Tell the host, if it wants to know: it waits at the other end of the pipe."""
    verb = next((word for word in sys.orig_argv if (STEPPING / word).is_fifo()), None)
    if verb is None or not fnmatchcase(step, (STEPPING / "at").read_text()):
        return False
    (STEPPING / verb).write_text(f"{step}\n")
    return True


def held(call: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
    """The same call, before which the host is asked."""

    def asking(*args: Any, **how: Any) -> Any:
        step = name(*args)
        if step and is_chosen(step):
            (STEPPING / "go").read_text()
        return call(*args, **how)

    return asking


def of_path(word: str, which: int) -> Callable[..., str]:
    """Name a step by its file; nameless if that is not the program's."""

    def name(*args: Any) -> str:
        path = args[which]
        found = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else str(path)
        return f"{word} {found}" if found.startswith(OURS) else ""

    return name


def hold() -> None:
    from bridgekit.host import machine
    from bridgekit.system import atomic_file
    from bridgekit.transaction.journal import Journal

    for word, which in CALLS.items():
        setattr(os, word, held(getattr(os, word), of_path(word, which)))
    atomic_file._exchange = held(atomic_file._exchange, of_path("exchange", 1))
    Journal.write = held(Journal.write, lambda _, entry: f"journal {entry.event}")
    machine.execute = held(machine.execute, lambda operation, *_: f"do {type(operation).__name__}")
    atexit.register(is_chosen, "end")


def lighten(package: str) -> None:
    found = PathFinder.find_spec(package)
    sys.modules[package] = ModuleType(package)
    sys.modules[package].__path__ = found.submodule_search_locations


lighten("pyroute2")
if STEPPING.is_dir():
    hold()
