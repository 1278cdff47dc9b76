"""Interfaces files that are made anew at each boot: what is written there is lost."""

import os.path
import re
from pathlib import Path

CLOUD_INIT = re.compile(r"^#.*(cloud-init|information provided by the datasource)", re.MULTILINE)
CLOUD_INIT_OFF = re.compile(r"^\s*config:\s*disabled|^\s*network:\s*\{\s*config:\s*disabled", re.M)
CLOUD_CONFIG = Path("/etc/cloud")
HEAD = 2048
"""Characters at the beginning of a file in which its maker names itself."""


def remade_by(path: Path, text: str, cloud_config: Path = CLOUD_CONFIG) -> str | None:
    """Return who makes this file anew at each boot, if it is known that someone does."""
    if Path(os.path.realpath(path)).is_relative_to("/run"):
        return "whoever fills /run at boot"
    if CLOUD_INIT.search(text[:HEAD]) and not _is_off(cloud_config):
        return "cloud-init"
    return None


def _is_off(cloud_config: Path) -> bool:
    """Return whether cloud-init is told to leave the network alone.

    https://cloudinit.readthedocs.io/en/latest/reference/network-config.html
    """
    if (cloud_config / "cloud-init.disabled").exists():
        return True
    files = (cloud_config / "cloud.cfg", *sorted((cloud_config / "cloud.cfg.d").glob("*.cfg")))
    return any(CLOUD_INIT_OFF.search(_read(file)) for file in files)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
