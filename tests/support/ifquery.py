"""Asks the installed ifquery what it makes of an interfaces file, as an independent witness."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces import ParsedInterfaces
from bridgekit.persistence.ifupdown.interfaces.names import Target, parse_target


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


def brought_up_by(
    parsed: ParsedInterfaces, group: str, existing: Iterable[str]
) -> tuple[Target, ...]:
    """Return what `ifup -a` (group `auto`) or `--allow=GROUP` brings up by our reading, in order.

    `existing`: the names of the kernel's interfaces, from which patterns pick. Patterns for
    anything but names match nothing; `rename` is not applied.
    """
    names = tuple(existing)
    words = (one for word in parsed.activated.get(group, ()) for one in _expanded(word, names))
    targets = (parse_target(word) for word in dict.fromkeys(words))
    return tuple(one for one in targets if _has_stanza(parsed, one.logical_for(one.physical)))


def _has_stanza(parsed: ParsedInterfaces, name: str) -> bool:
    """Return whether there is a stanza of this name, or a mapping that may lead to one."""
    implied = not any(one.method == "loopback" for one in parsed.definitions)
    mapped = any(mapping.applies_to(name) for mapping in parsed.mappings)
    return bool(parsed.definitions_of(name)) or mapped or (name == "lo" and implied)


def _expanded(word: str, existing: tuple[str, ...]) -> tuple[str, ...]:
    """Return a word of `auto` with its pattern replaced by the names that match."""
    target = parse_target(word)
    if not target.is_pattern:
        return (word,)
    matching = [name for name in existing if not target.is_guess and target.may_match(name)]
    number = target.physical.partition("/")[2].partition("/")[2]  # /PATTERN/NUMBER
    if number.isascii() and number.isdecimal() and int(number):
        matching = matching[int(number) - 1 : int(number)]
    suffix = "" if target.logical is None else f"={target.logical}"
    return tuple(name + suffix for name in matching)
