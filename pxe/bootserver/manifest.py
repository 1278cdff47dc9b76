"""The tree's checksums, recorded when it was made and verified before it is served."""

import hashlib
from pathlib import Path

from .settings import SettingsError

NAME = Path("/srv/tftp.sha256")


def verify(manifest: Path, tree: Path) -> int:
    """Return how many files are as recorded. Raises SettingsError for the first that is not.

    Equivalent to: cd TREE && sha256sum --check --quiet MANIFEST
    """
    lines = manifest.read_text().splitlines()
    for line in lines:
        recorded, _, name = line.partition("  ")
        try:
            with (tree / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise SettingsError(f"{name} can't be read: {error.strerror}") from error
        if found != recorded:
            raise SettingsError(f"{name} is not the file that was recorded when this was built")
    return len(lines)
