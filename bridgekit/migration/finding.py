"""A finding: what every check before a migration tells."""

from dataclasses import dataclass
from typing import Literal

from bridgekit.model.words import printable


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen and what to do about it; "refuse" stops the migration.

    The texts quote names that strangers chose; nothing in them moves a terminal's cursor.
    """

    level: Literal["refuse", "warn", "note"]
    code: str
    message: str
    advice: str = ""

    def __post_init__(self) -> None:
        for name in ("message", "advice"):
            object.__setattr__(self, name, printable(getattr(self, name)))
