"""What a user sees is what was recorded; see this package's first lines."""

import difflib
from pathlib import Path

import pytest

from bridgekit.lab.topology import Lab
from tests.golden.transcript import FOLDER, files, helps, played

AGAIN = "if this is wanted: `python -m tests.golden.record`, and read the difference"


def test_every_verb_has_its_help_recorded() -> None:
    assert {*FOLDER.glob("help/*.txt")} == helps().keys(), AGAIN


@pytest.mark.parametrize("file", files(), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_it_says_what_was_recorded(file: Path, lab: Lab) -> None:
    recorded = file.read_text()
    now = played(lab, recorded).split("\n")
    lines = difflib.unified_diff(recorded.split("\n"), now, "recorded", "now", lineterm="")
    changes = "\n".join(lines)
    assert not changes, f"{AGAIN}\n{changes}"
