"""What `pxe check --fix` has noted, when it can't be read."""

from pathlib import Path

import pytest

from bridgekit.pxe import record
from bridgekit.pxe.diagnose import fixes


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '[["Setting", "0", "1"]]', '[{"kind": "Setting", "fix": {}}]']
)
def test_an_unreadable_note_keeps_nothing_from_going(tmp_path: Path, text: str) -> None:
    service_dir = record.service_dir_of("br0", tmp_path)
    service_dir.path.parent.mkdir(parents=True)
    note = service_dir.path.with_name(f"{service_dir.name}.fixed.json")
    note.write_text(text)
    said: list[str] = []
    fixes.roll_back(service_dir, said.append)
    assert str(note) in said[0] and note.read_text() == text
