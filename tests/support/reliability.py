"""Write the table of docs/reliability.md: `python -m tests.support.reliability NOTES PAGE`.

NOTES is what the tests in tests/faults noted in the file of $BRIDGEKIT_FAULTS.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.faults import PHASES

START: Final = "<!-- table: written by script/reliability -->\n"
END: Final = "<!-- end of the table -->\n"
HEAD: Final = """\
| who or what | phase | tried | done | as before | of these by `recover` | in between |
|---|---|---:|---:|---:|---:|---:|
"""


def rows(notes: str) -> Iterator[str]:
    """One line for each fault and phase, in the order of the work; the sum at the end."""
    tried: dict[tuple[str, str], Counter[str]] = {}
    for fault, phase, _, state, recovered in map(json.loads, notes.splitlines()):
        counts = tried.setdefault((fault, phase), Counter())
        counts.update([state, *(["recovered"] if recovered else [])])
    ordered = sorted(tried, key=lambda one: (one[0], PHASES.index(one[1])))
    for fault, phase in ordered:
        yield row(fault, phase, tried[fault, phase])
    yield row("**all**", "", sum(tried.values(), Counter()))


def row(fault: str, phase: str, counts: Counter[str]) -> str:
    """A state in between fails the test, so there is none to be counted."""
    new, old = counts["new"], counts["old"]
    return f"| {fault} | {phase} | {new + old} | {new} | {old} | {counts['recovered']} | 0 |\n"


def main(notes: str, page: str) -> None:
    """Put the table in the place of the old one."""
    text = Path(page).read_text()
    before, after = text.partition(START)[0], text.partition(END)[2]
    table = HEAD + "".join(rows(Path(notes).read_text()))
    Path(page).write_text(before + START + table + END + after)


if __name__ == "__main__":
    main(*sys.argv[1:])
