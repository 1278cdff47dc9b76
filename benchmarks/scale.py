"""Measure how the time of a move grows with the size of a host's state: tables, and log-log plots.

    python benchmarks/scale.py [--sizes 1000,10000] [--kinds "two routers,mix"] [--runs 3] [--write]

Each state has a lab host of its own, and in it every method of the move is run in turn: bridgekit's
verbs, one `ip -batch` that makes before it breaks, messages packed by hand, and so on. What is
timed are whole processes. Medians of the runs. Needs root, like the lab.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scale_alternatives import WAYS, Bench
from scale_states import KINDS, ROUTES, State
from scale_table import KERNEL_MINIMUM, Found, Series, machine, plots, table

DOCS = Path(__file__).parents[1] / "docs"
PAGE, SECONDS, MEMORY = DOCS / "performance.md", DOCS / "scale-seconds.svg", DOCS / "scale-mib.svg"
SECTION = re.compile(r"(<!-- scale: begin -->\n).*?(<!-- scale: end -->)", re.DOTALL)
LARGEST = {"pyroute2": 10_000, "save and restore": 100_000}
"""Beyond this a way takes minutes."""
ONLY_HERE = "two routers"
"""The kind with which every way is tried."""
BY_HAND = [*ROUTES, "mix"]


def ways(kind: str, size: int, wanted: Sequence[str]) -> Iterator[str]:
    """Yield the methods to measure."""
    for way in wanted:
        fits = size <= LARGEST.get(way, size) and (way not in LARGEST or kind == ONLY_HERE)
        if fits and (way != KERNEL_MINIMUM or kind in BY_HAND):
            yield way


def measured(kind: str, size: int, given: argparse.Namespace) -> Found:
    """Run every method so many times on one state."""
    found, state, name = Found(kind, size), State(kind, size), f"scale{os.getpid()}"
    turns = [*ways(kind, size, given.ways)] * given.runs
    with TemporaryDirectory() as folder, Bench(name, state, Path(folder), given.cpu) as bench:
        for way in turns:
            print(f"{kind}, {size:,}: {way}", file=sys.stderr)
            found.add(WAYS[way](bench))
    return found


def write(text: str, all_series: Sequence[Series]) -> None:
    """Put the tables into their section of the page, and the plots beside it."""
    page = PAGE.read_text()
    if not SECTION.search(page):
        sys.exit(f"{PAGE} has no section for it")
    PAGE.write_text(SECTION.sub(lambda match: f"{match[1]}{text}\n{match[2]}", page))
    for name, plot in zip((SECONDS, MEMORY), plots(all_series[0]), strict=True):
        name.write_text(plot)


def listed(text: str) -> list[str]:
    """Return the words between commas."""
    return [word.strip() for word in text.split(",")]


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1000,10000", type=listed)
    parser.add_argument("--kinds", default=ONLY_HERE, type=listed, help=", ".join(KINDS))
    parser.add_argument("--ways", default=",".join(WAYS), type=listed, help=", ".join(WAYS))
    parser.add_argument("--runs", default=3, type=int)
    parser.add_argument("--cpu", action="store_true", help="for a machine with other work to do")
    parser.add_argument("--write", action="store_true", help=f"rewrite the section of {PAGE.name}")
    return parser.parse_args()


def main() -> None:
    """Print the tables; with --write put them into the page."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled
    given, all_series = arguments(), []
    what = "seconds of a processor's work" if given.cpu else "seconds"
    lines = [f"{machine()}; {given.runs} runs of each; {what}.", ""]
    print("\n".join(lines))
    for kind in given.kinds:
        sizes = [0, *map(int, given.sizes)]
        series = Series([measured(kind, size, given) for size in sizes])
        lines += table(series)
        print("\n".join(table(series)), flush=True)
        all_series.append(series)
    if given.write:
        write("\n".join(lines), all_series)


if __name__ == "__main__":
    main()
