"""How interfaces files are to be written."""

from dataclasses import dataclass
from typing import Literal

from bridgekit.persistence.flavour import Flavour

Source = Literal["live", "file"]


@dataclass(frozen=True, slots=True)
class Manner:
    """In whose words, and whether a bridge's section follows the host or the file's own section."""

    flavour: Flavour
    source: Source = "live"
