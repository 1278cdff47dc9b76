"""Debian's packages in a lab host: unpacked into the cache, never installed, laid over its /usr."""

import os
import shutil
from pathlib import Path
from typing import Final

from bridgekit.lab.topology import Lab
from bridgekit.system.process import CommandError, run

CACHE: Final = Path(os.environ.get("BRIDGEKIT_CACHE_DIR", "/var/cache/bridgekit"), "packages")


def unpacked(packages: tuple[str, ...]) -> Path:
    """Return the folder that holds the files of these packages."""
    folder = CACHE / packages[0]
    if not folder.exists():
        making = CACHE / f"{packages[0]}.{os.getpid()}"
        making.mkdir(parents=True)
        _unpack(packages, making)
        try:
            making.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(making)
    return folder


def _unpack(packages: tuple[str, ...], folder: Path) -> None:
    download = ("env", "-C", str(folder), "apt-get", "-q", "download", *packages)
    try:
        run(*download, timeout=300)
    except CommandError:  # the lists may be missing or old
        run("apt-get", "-q", "update", timeout=300)
        run(*download, timeout=300)
    for package in folder.glob("*.deb"):
        run("dpkg", "-x", str(package), str(folder))
        package.unlink()
    for name in ("sbin", "lib"):  # Debian's own /sbin is a link to this
        if (folder / name).is_dir():
            shutil.copytree(folder / name, folder / "usr" / name, True, dirs_exist_ok=True)


def lay_over(lab: Lab, folder: Path) -> None:
    """Let the lab's host see these files in its /usr."""
    over = ("-o", f"lowerdir={folder}/usr:/usr")
    lab.run("host", "mount", "-t", "overlay", *over, "overlay", "/usr")
