"""What `pxe check --fix` has noted, when it can't be read."""

from pathlib import Path

import pytest

from bridgekit.pxe import record
from bridgekit.pxe.diagnose import fixes


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '[["Setting", "0", "1"]]', '[{"kind": "Setting", "fix": {}}]']
)
def test_an_unreadable_note_keeps_nothing_from_going(tmp_path: Path, text: str) -> None:
    home = record.home_of("br0", tmp_path)
    home.path.parent.mkdir(parents=True)
    note = home.path.with_name(f"{home.name}.fixed.json")
    note.write_text(text)
    said: list[str] = []
    fixes.take_back(home, said.append)
    assert (str(note) in said[0], note.read_text()) == (True, text)
