"""Detect which of the programs that read interfaces(5) is installed."""

import shutil
from pathlib import Path

EXECUTORS = Path("/usr/libexec/ifupdown-ng")


def installed() -> str | None:
    """Return the name of the installed dialect; None if there is no `ifup`.

    ifupdown2 alone has `ifreload`, and ifupdown-ng its executors.
    """
    if shutil.which("ifup") is None:
        return None
    if shutil.which("ifreload"):
        return "ifupdown2"
    return "ifupdown-ng" if EXECUTORS.is_dir() else "classic"
