"""Validate new interfaces files with the installed ifup. See ifup(8)."""

import ctypes
import os
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bridgekit.errors import BridgekitError

COMMANDS = {
    "classic": "ifup --no-act --no-mappings --state-dir {state} -i {main} {bridge}",
    "ifupdown2": "ifup --syntax-check -i {main} -a",
    "ifupdown-ng": "ifup --no-act --state-file {state}/state -i {main} {bridge}",
}
"""Each with a state of its own: an interface that is up already would not be tried."""
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
TIMEOUT = 30
"""Seconds."""
MAX_MESSAGE = 500
"""Letters, from the end."""


class UnprovenError(BridgekitError):
    """ifup could not be asked."""


def refusal(dialect: str, main: str, contents: Mapping[str, bytes], bridge: str) -> str | None:
    """Return ifup's complaint about these contents of its files; None if it accepts them.

    Nothing is changed: ifup runs in a mount namespace of its own, in which the new contents are
    mounted over the files. Equivalent to: ifup --no-act BRIDGE

    Raises:
        UnprovenError: There can be no such namespace, or ifup does not start or end.
    """
    with TemporaryDirectory(prefix="bridgekit-") as folder:
        copies = _written_copies(Path(folder), contents)
        mounts = {Path(path).resolve(): copy for path, copy in copies.items() if _exists(path)}
        if main in copies and not _exists(main):
            main = str(copies[main])
        values = {"state": folder, "main": main, "bridge": bridge}
        argv = tuple(word.format(**values) for word in COMMANDS[dialect].split())
        done = _run_with_mounts(argv, mounts)
    message = (done.stderr or done.stdout).strip()
    if dialect == "ifupdown2":  # its exit code counts warnings, too, which keep nothing down
        message = "\n".join(line for line in message.splitlines() if line.startswith("error"))
    return message[-MAX_MESSAGE:] if done.returncode and message else None


def _written_copies(folder: Path, contents: Mapping[str, bytes]) -> dict[str, Path]:
    """Write each content to a file of its own; return these files by the paths they are for."""
    copies = {path: folder / str(number) for number, path in enumerate(contents)}
    for path, copy in copies.items():
        copy.write_bytes(contents[path])
    return copies


def _exists(path: str) -> bool:
    return Path(path).exists()


def _run_with_mounts(
    argv: tuple[str, ...], mounts: Mapping[Path, Path]
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            argv,
            preexec_fn=partial(_mount_over, mounts),
            capture_output=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnprovenError(f"ifup cannot be asked: {error}") from error


def _mount_over(mounts: Mapping[Path, Path]) -> None:
    """Mount files over others for this process alone. Equivalent to: unshare -m; mount --bind."""
    _check_errno(LIBC.unshare(CLONE_NEWNS))
    _check_errno(LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    for path, copy in mounts.items():
        _check_errno(LIBC.mount(os.fsencode(copy), os.fsencode(path), None, MS_BIND, None))


def _check_errno(result: int) -> None:
    if result:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
