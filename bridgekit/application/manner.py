"""How interfaces files are to be written."""

from typing import Literal

from msgspec import Struct

from bridgekit.persistence.ifupdown.dialect import Dialect

Source = Literal["live", "file"]


class Manner(Struct, frozen=True):
    """In whose words, and whether a bridge's stanza follows the host or the file's own stanza."""

    dialect: Dialect
    source: Source = "live"
