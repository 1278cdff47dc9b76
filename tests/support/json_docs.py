"""The fields of JSON documents as docs/json.md has them."""

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs/json.md"
ROW: Final = re.compile(r"^\| (?!document|part|---)(.+?) \| (.+) \|$", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """Return the fields of each document, by its verb, and of each part, by its name.

    What a row says in brackets is no field.
    """
    found: dict[str, set[str]] = {}
    for names, text in ROW.findall(PAGE.read_text()):
        fields = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)+", "", text)))
        verbs = re.findall(r"`([^`]+)`", names) if names.startswith("`") else [names]
        found |= dict.fromkeys(verbs, fields)
    return found
