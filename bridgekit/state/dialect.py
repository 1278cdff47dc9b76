"""The names of the programs that read interfaces(5)."""

from typing import Literal

DialectName = Literal["classic", "ifupdown2", "ifupdown-ng"]
"""`classic` is ifupdown 0.8 with bridge-utils."""
