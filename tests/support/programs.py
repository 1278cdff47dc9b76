"""Programs for tests to start: they stand in tests/programs, and say there what they do."""

from pathlib import Path
from typing import Final

from bridgekit.lab.host import PYTHON

FOLDER: Final = Path(__file__).parent.parent / "programs"


def program(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs tests/programs/NAME.py where the checkout can be seen."""
    return (*PYTHON, str(FOLDER / f"{name}.py"), *arguments)


def program_text(name: str, *arguments: str, python: str = "python3") -> tuple[str, ...]:
    """Return the command that runs it elsewhere, in a guest or a container: as text."""
    return (python, "-P", "-c", (FOLDER / f"{name}.py").read_text(), *arguments)


def shell_text(name: str) -> str:
    """Return the text of tests/programs/NAME.sh."""
    return (FOLDER / f"{name}.sh").read_text()
