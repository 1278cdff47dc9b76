"""docs/json.md compared with what verbs print: the recorded sessions, which test_golden plays."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.json_docs import documented

SAID = Path(__file__).parent.parent / "golden/said"
COMMAND = re.compile(r"bridgekit ((?:pxe )?\w+(?: .*--(?:check|list))?).* --json$")
PARTS = {
    "a finding": ("plan", "findings"),
    "an operation": ("plan", "operations"),
    "a file": ("plan", "files"),
    "the topology": ("plan", "topology"),
    "a transaction": ("status", "transactions"),
}
SEEN_ELSEWHERE = {"a service", "a client of a service", "a step of `pxe check`", "pxe up"}
"""What needs a service that runs: tests/netns/test_timeline.py and test_self_test.py."""


def printed() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every recorded JSON document with its verb."""
    for file in sorted(SAID.glob("*.txt")):
        for part in re.split(r"^\$ ", file.read_text(), flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            command, start = COMMAND.search(line), output.find("{\n")
            if command and start >= 0:
                text = output[start:].replace(": SECONDS", ": 1.5")
                document = json.JSONDecoder().raw_decode(text)[0]
                verb = re.sub(r" .*--", " --", command[1])
                yield "any of them, on an error" if "error" in document else verb, document


def test_documents() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for verb, document in printed():
        assert document.pop("schema") == 1
        found[verb] |= document.keys()
    assert len(found) > 12
    wanted = documented()
    assert {verb: fields for verb, fields in found.items() if fields != wanted[verb]} == {}


def test_parts() -> None:
    wanted = documented()
    for name, (verb, field) in PARTS.items():
        values = [one[field] for of, one in printed() if of == verb]
        items = [item for one in values for item in (one if isinstance(one, list) else [one])]
        assert items and all(item.keys() == wanted[name] for item in items), name


def test_every_row_is_compared() -> None:
    missing = documented().keys() - PARTS.keys() - {verb for verb, _ in printed()}
    assert missing == SEEN_ELSEWHERE | {"pxe build", "interfaces --list"}
