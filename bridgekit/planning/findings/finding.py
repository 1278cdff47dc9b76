"""A finding, and the kind of finding that it is one of."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from bridgekit.state.text import printable

Level = Literal["refuse", "warn", "note"]
"""A refusal stops the migration; a warning is for people to weigh; a note says what will be."""


class Finding(Struct, frozen=True):
    """What a check found on this host, and what to do about it.

    The texts quote names that strangers chose; control characters in them are escaped.
    """

    level: Level
    code: str
    message: str
    advice: str = ""

    def __post_init__(self) -> None:
        for name in ("message", "advice"):
            force_setattr(self, name, printable(getattr(self, name)))


class FindingType(Struct, frozen=True):
    """A kind of finding, with its section of docs/findings.md.

    `code` is stable. `advice` is a template: its names in braces are given with each finding.
    `explanation` is Markdown.
    """

    code: str
    level: Level
    title: str
    explanation: str
    advice: str = ""

    def finding(self, message: str, advice: str | None = None, **names: str) -> Finding:
        """Return a finding of this kind, with its usual advice or this; `names` go into that."""
        template = self.advice if advice is None else advice
        return Finding(self.level, self.code, message, template.format_map(names))
