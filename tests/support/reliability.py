"""Keep a run's notes and write the table of docs/reliability.md from them.

python -m tests.support.reliability FILE, where the tests noted in FILE what they tried.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from tests.support import notes
from tests.support.faults import PHASES, Inputs, Tried
from tests.support.notes import Run

ROOT: Final = Path(__file__).parents[2]
NOTES: Final = ROOT / "docs/reliability/faults.jsonl"
PAGE: Final = ROOT / "docs/reliability.md"
MARK: Final = "script/reliability"
HEAD: Final = """
| fault | phase | tried | done | as before | of these by `recover` | in between |
|---|---|---:|---:|---:|---:|---:|
"""
Note = Tried | Inputs
DECODER: Final = msgspec.json.Decoder[Note](Note)


def counted(found: Sequence[Note]) -> list[Note]:
    """Return equal notes as one, with how many times, in the order of the work."""
    times = Counter[Note]()
    for one in found:
        times[replace(one, times=1)] += one.times
    return [replace(one, times=count) for one, count in sorted(times.items(), key=_order)]


def _order(item: tuple[Note, int]) -> tuple[object, ...]:
    one = item[0]
    if isinstance(one, Inputs):
        return (1, one.what)
    return (0, one.fault, PHASES.index(one.phase), one.call, one.state, one.recovered)


def table(run: Run, found: Sequence[Note]) -> str:
    """Return what a run tried: a sentence, a line for each fault and phase, and the sum."""
    faults = [one for one in found if isinstance(one, Tried)]
    inputs = {one.what: one.times for one in found if isinstance(one, Inputs)}
    tried, between = _times(faults), _times([one for one in faults if one.state == "between"])
    kinds = ", ".join(f"{what} {count:,}" for what, count in inputs.items())
    said = f"At commit {run}: {tried:,} faults, {between} of which ended in between."
    said += f" {sum(inputs.values()):,} hostile inputs: {kinds}.\n" if inputs else "\n"
    return said + HEAD + "".join(_rows(faults))


def _rows(faults: Sequence[Tried]) -> Iterator[str]:
    for fault, phase in dict.fromkeys((one.fault, one.phase) for one in faults):
        here = [one for one in faults if (one.fault, one.phase) == (fault, phase)]
        yield _row(f"{fault} | {phase}", here)
    yield _row("**all** | ", faults)


def _row(what: str, faults: Sequence[Tried]) -> str:
    new, old, between = (
        _times([one for one in faults if one.state == state]) for state in ("new", "old", "between")
    )
    recovered = _times([one for one in faults if one.recovered])
    return f"| {what} | {_times(faults)} | {new} | {old} | {recovered} | {between} |\n"


def _times(faults: Sequence[Tried]) -> int:
    return sum(one.times for one in faults)


def main(noted: str, *words: str) -> None:
    """Keep the notes in the tree, and put the table in the place of the old one."""
    lines = Path(noted).read_bytes().splitlines()
    found = counted([DECODER.decode(line) for line in lines])
    run = notes.this_run(ROOT, "--dirty" in words)
    notes.write(NOTES, run, found)
    notes.put(PAGE, MARK, table(run, found))


if __name__ == "__main__":
    main(*sys.argv[1:])
