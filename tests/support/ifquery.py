"""Asks the installed ifquery what it makes of an interfaces file, as an independent witness."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct


class Ifquery(Struct, frozen=True):
    """ifquery with a state folder of its own, run from `/` as at boot."""

    file: Path
    state: Path

    @classmethod
    def of(cls, folder: Path, text: str) -> "Ifquery":
        file = folder / "interfaces"
        file.write_bytes(text.encode(errors="surrogateescape"))
        return cls(file, folder / "state")

    def __call__(self, *words: str) -> tuple[bool, str]:
        """Whether ifquery takes the file, and what it prints."""
        line = ("ifquery", "--state-dir", str(self.state), "-i", str(self.file), *words)
        done = subprocess.run(line, capture_output=True, check=False, cwd="/", timeout=20)
        taken = b"couldn't read interfaces file" not in done.stderr
        return taken, done.stdout.decode(errors="surrogateescape")

    def listed(self, group: str) -> list[str]:
        return self("--allow", group, "--list")[1].split()

    def options(self, name: str) -> str:
        """The options of a stanza; of a mapped one without asking the mapping."""
        return self("--no-mappings", name)[1]

    def all_options(self, names: Iterable[str]) -> dict[str, str]:
        return {name: self.options(name) for name in names}
