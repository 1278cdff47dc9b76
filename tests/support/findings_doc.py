"""Write docs/findings.md from the registries of findings.

Usage: python -m tests.support.findings_doc [FILE]
"""

import sys
from itertools import groupby
from pathlib import Path

from bridgekit.planning.findings import REGISTRY, FindingType, types_in
from bridgekit.pxe.diagnose import findings as pxe_findings

PAGE = Path(__file__).parent.parent.parent / "docs/findings.md"
LEVELS = {"refuse": "Refused", "warn": "Warning", "note": "Note"}
HEAD = """\
# Findings

What the checks of `plan`, `apply` and `rollback` report before anything is changed, and what
`pxe check` reports. A refusal ends with exit code 3. The codes are stable: `--json` has them.

This page is generated from `bridgekit/planning/findings` and `bridgekit/pxe/diagnose/findings.py`
by `python -m tests.support.findings_doc`.
"""


def every_kind() -> tuple[FindingType, ...]:
    """Return every kind of finding of the product."""
    return (*REGISTRY, *types_in(pxe_findings))


def page() -> str:
    """Return the text of docs/findings.md."""
    return HEAD + "".join(_sections(every_kind()))


def _sections(kinds: tuple[FindingType, ...]) -> list[str]:
    """Return a section for each explanation, with a heading for each code that it is about."""
    sections = []
    for explanation, group in groupby(kinds, key=lambda kind: kind.explanation):
        same = list(group)
        headings = "\n".join(f"## {kind.code}" for kind in same)
        title = f"*{LEVELS[same[0].level]}: {same[0].title}.*"
        sections.append(f"\n{headings}\n{title}\n\n{explanation}\n")
    return sections


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE).write_text(page())
