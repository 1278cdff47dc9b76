"""Results as Markdown tables, and their place in a page."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from loss.conditions import KINDS
from loss.runs import Run, Series, stall


def tables(measured: Sequence[Series]) -> str:
    """Return two tables: the probes lost, and the longest pauses."""
    return "\n".join((*_losses(measured), "", *_pauses(measured)))


def _losses(measured: Sequence[Series]) -> Iterator[str]:
    yield "Probes lost, median / worst:"
    yield ""
    columns = [(kind, name) for kind in ("udp", "icmp") for name in KINDS]
    yield _row(["way", *(f"{kind.upper()} {name}" for kind, name in columns)])
    yield _row(["---"] * (len(columns) + 1))
    for one in measured:
        pairs = one.conditions.pairs
        lost = (one.lost(kind, pairs[name]) for kind, name in columns)
        yield _row([_name(one, measured), *(f"{median:g} / {worst:g}" for median, worst in lost)])


def _pauses(measured: Sequence[Series]) -> Iterator[str]:
    yield "Longest pauses in ms, median / worst:"
    yield ""
    busy = any(one.conditions.load for one in measured)
    columns = ["way", "probes", "TCP stall", "its control", "stall / control"]
    columns += ["stall over twice its control, or the other way round: runs", "TCP broken"]
    columns += ["packets/s through the bridge"] * busy + ["runs", "discarded"]
    yield _row(columns)
    yield _row(["---"] * len(columns))
    for one in measured:
        numbers = (
            one.each(lambda run: run.longest_pause),
            one.each(lambda run: run.stall),
            one.each(lambda run: stall(run.control)),
            one.each(lambda run: run.stall / stall(run.control)),
        )
        broken = sum(bool(flow.broken) for run in one.runs for flow in run.flows)
        cells = [_name(one, measured), *(f"{m:.1f} / {w:.1f}" for m, w in numbers)]
        cells += [_doubled(one.runs), str(broken)]
        cells += [f"{one.each(lambda run: run.bridged)[0]:.0f}"] * busy
        yield _row([*cells, str(len(one.runs)), str(one.discarded)])


def _doubled(runs: Sequence[Run]) -> str:
    """Return in how many runs the stall was over twice its control, and under half of it.

    Where only the machine's own pauses stall a stream, both numbers are about equal.
    """
    stalls = [(run.stall, stall(run.control)) for run in runs]
    longer = sum(during > 2 * control for during, control in stalls)
    shorter = sum(control > 2 * during for during, control in stalls)
    return f"{longer} : {shorter}"


def _name(one: Series, measured: Sequence[Series]) -> str:
    """Return the method's name, with the conditions where they differ."""
    same = len({other.conditions for other in measured}) == 1
    return one.way.title if same else f"{one.way.title}, {one.conditions}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(page: Path, section: str, text: str) -> None:
    """Put the text between the page's marks of this section.

    Raises:
        ValueError: The page has no such marks.
    """
    name = re.escape(section)
    marks = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    old = page.read_text()
    if not marks.search(old):
        raise ValueError(f"{page} has no section <!-- {section}: begin -->")
    page.write_text(marks.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", old))
