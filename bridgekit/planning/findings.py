"""A finding: what every check before a migration tells."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from bridgekit.state.text import printable


class Finding(Struct, frozen=True):
    """What was seen and what to do about it; "refuse" stops the migration.

    The texts quote names that strangers chose; nothing in them moves a terminal's cursor.
    """

    level: Literal["refuse", "warn", "note"]
    code: str
    message: str
    advice: str = ""

    def __post_init__(self) -> None:
        for name in ("message", "advice"):
            force_setattr(self, name, printable(getattr(self, name)))
