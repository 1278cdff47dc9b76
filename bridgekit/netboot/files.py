"""Where the service's files are: what ships with the package, what is kept, what is cached."""

import hashlib
import os
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

DEFAULT_STATE_DIR = Path("/var/lib/bridgekit")


def asset(name: str) -> Path:
    """A shipped file or directory: in a checkout the one at its top, in a wheel the copy."""
    with as_file(files("bridgekit.assets").joinpath(name)) as path:
        return path.resolve()


def state_dir(given: str | None) -> Path:
    """The state directory: as given, else BRIDGEKIT_STATE_DIR, else /var/lib/bridgekit."""
    return Path(given or os.environ.get("BRIDGEKIT_STATE_DIR") or DEFAULT_STATE_DIR).absolute()


def cache_dir(state: Path) -> Path:
    """Where roots and base images are kept: BRIDGEKIT_CACHE_DIR, else below the state directory."""
    return Path(os.environ.get("BRIDGEKIT_CACHE_DIR") or state / "cache").absolute()


def packages(version: str) -> tuple[str, ...]:
    """The Debian packages of pxe/packages, for a release by its number."""
    lines = (asset("pxe") / "packages").read_text().splitlines()
    words = (line.split("#")[0].strip() for line in lines)
    return tuple(word.replace("@VERSION@", version) for word in words if word)


def digest(*names: str) -> str:
    """A short hash over shipped files, by name and content."""
    sums = hashlib.sha256()
    for name in names:
        sums.update(name.encode() + b"\0" + asset(name).read_bytes() + b"\0")
    return sums.hexdigest()[:12]


def private_dir(path: Path) -> Path:
    """Make a directory that only its owner may enter, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@dataclass(frozen=True, slots=True)
class Home:
    """One service's place below the state directory."""

    state: Path
    name: str

    @property
    def path(self) -> Path:
        """The directory with its record, its log and what its engine notes."""
        return self.state / "pxe" / self.name
