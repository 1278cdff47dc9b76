"""The program that reads the interfaces file at boot, and whether it can do what the file says."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from bridgekit.host.ifupdown import detect
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import CLASSIC, DIALECTS, Dialect
from bridgekit.persistence.ifupdown.interfaces import Problem
from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.persistence import (
    FILE_NOT_TAKEN,
    NO_BRIDGE_UTILS,
    NO_DHCP_CLIENT,
    NO_IFUPDOWN,
    OTHER_DIALECT,
)
from bridgekit.planning.plan import FileChange
from bridgekit.system import atomic_file

BRIDGE_UTILS = Path("/etc/network/if-pre-up.d/bridge")


def dialect(asked: str | None) -> Dialect:
    """Return the dialect that was asked for, else the installed one, else the classic one."""
    return DIALECTS.get(asked or detect.installed() or "", CLASSIC)


def about_taking(main: Path, changes: Iterable[FileChange], dialect: Dialect) -> Iterator[Finding]:
    """Yield what the dialect does not take of the files, as they are or else as they will be."""
    now, then = (
        atomic_file.FileSnapshot(),
        atomic_file.FileSnapshot({one.path: one.after for one in changes}),
    )
    for one in _untaken(main, now, dialect) or _untaken(main, then, dialect):
        message = f"{dialect.name} does not take {one.path}, line {one.line}: {one.message}"
        yield FILE_NOT_TAKEN.finding(message, file="that")


def _untaken(main: Path, texts: atomic_file.FileSnapshot, dialect: Dialect) -> tuple[Problem, ...]:
    parsed = interfaces.parse_files(str(main), texts, strict=dialect is CLASSIC, dialect=dialect)
    return interfaces.unsupported_lines(parsed, texts, dialect)


def about_tools(leases: frozenset[int], dialect: Dialect) -> Iterator[Finding]:
    """Yield what the dialect lacks to make the bridge and to ask for these families' leases."""
    here = detect.installed()
    if here is None:
        message = "ifupdown is not installed: nothing reads the interfaces file at boot"
        yield NO_IFUPDOWN.finding(message)
        return
    if here != dialect.name:
        message = f"the file is written for {dialect.name}, and {here} is installed"
        yield OTHER_DIALECT.finding(message, dialect=dialect.name)
        return
    if dialect is CLASSIC and not BRIDGE_UTILS.exists():
        message = "bridge-utils is not installed: at the next boot ifup could not make the bridge"
        yield NO_BRIDGE_UTILS.finding(message)
    if leases and not any(map(shutil.which, dialect.clients)):
        message = "no DHCP client is installed: at the next boot ifup could not ask for the lease"
        yield NO_DHCP_CLIENT.finding(message)
