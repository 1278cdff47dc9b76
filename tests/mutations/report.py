"""The score in docs/reliability.md, from the notes of a run."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tests.mutations.engine import Outcome
from tests.support.notes import Run

NOTES: Final = Path("docs/reliability/breakages.jsonl")
PAGE: Final = Path("docs/reliability.md")
MARK: Final = "script/mutate"
DECODER: Final = msgspec.json.Decoder(Outcome)


def table(run: Run, outcomes: Sequence[Outcome]) -> str:
    """Return the score, a line for each room, and the survivors by name."""
    return "\n".join(_lines(run, outcomes)) + "\n"


def _lines(run: Run, outcomes: Sequence[Outcome]) -> Iterator[str]:
    killed = _count(outcomes, "killed")
    yield f"Of {len(outcomes)} breakages {killed} were noticed, at commit {run}."
    yield ""
    yield "| room | breakages | noticed | survived | no verdict |"
    yield "|---|---:|---:|---:|---:|"
    for room in dict.fromkeys(one.room for one in outcomes):
        yield _row(room, [one for one in outcomes if one.room == room])
    yield _row("**all**", outcomes)
    yield ""
    left = [f"`{one.id}` ({one.verdict})" for one in outcomes if one.verdict != "killed"]
    yield f"Not noticed: {', '.join(left) or 'none'}."


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    counts = (_count(outcomes, verdict) for verdict in ("killed", "survived", "no verdict"))
    return f"| {name} | {len(outcomes)} | {' | '.join(map(str, counts))} |"


def _count(outcomes: Sequence[Outcome], verdict: str) -> int:
    return sum(one.verdict == verdict for one in outcomes)
