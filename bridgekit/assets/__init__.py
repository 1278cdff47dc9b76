"""The files that ship with the package: links to templates/, pxe/ and Dockerfile in a checkout."""

from importlib.resources import as_file, files
from pathlib import Path


def asset(name: str) -> Path:
    """Return a shipped file or directory: in a checkout the one at its top, in a wheel the copy."""
    with as_file(files(__name__).joinpath(name)) as path:
        return path.resolve()
