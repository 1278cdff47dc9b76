"""The service's files: what ships with the package, the state directory, the cache."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from bridgekit.assets import asset


def cache_dir(state: Path) -> Path:
    """Return the directory of roots and base images: BRIDGEKIT_CACHE_DIR, or below `state`."""
    return Path(os.environ.get("BRIDGEKIT_CACHE_DIR") or state / "cache").absolute()


def content_digest(*names: str) -> str:
    """Return a short hash of the names and content of shipped files and directories."""
    sums = hashlib.sha256()
    for name in names:
        for path in sorted(_files(asset(name))):
            inside = str(path.relative_to(asset(name)))
            sums.update(b"\0".join((name.encode(), inside.encode(), path.read_bytes(), b"")))
    return sums.hexdigest()[:12]


def _files(path: Path) -> Iterator[Path]:
    found = path.rglob("*") if path.is_dir() else (path,)
    return (one for one in found if one.is_file() and one.suffix != ".pyc")


def private_dir(path: Path) -> Path:
    """Make a directory that only its owner may enter, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


class ServiceDir(Struct, frozen=True):
    """One service's directory below the state directory."""

    state: Path
    name: str

    @property
    def path(self) -> Path:
        """The directory with its record, its log and its engine's files."""
        return self.state / "pxe" / self.name
