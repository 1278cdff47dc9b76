"""JSON files that hold one typed value."""

from pathlib import Path
from typing import TypeVar

import msgspec

from bridgekit.errors import BridgekitError
from bridgekit.system import atomic_file

T = TypeVar("T")


def read(path: Path, kind: type[T]) -> T | None:
    """Return the value that the file holds, None if there is no such file.

    Raises:
        BridgekitError: The file holds something else; the text names the file and the place in it.
    """
    try:
        return msgspec.json.decode(atomic_file.read_regular(path), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BridgekitError(f"{path} cannot be read: {error}") from error


def write(path: Path, value: object) -> None:
    """Replace the file, all at once, by this value."""
    atomic_file.write(path, msgspec.json.encode(value))
