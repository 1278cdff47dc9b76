"""Measure the transition time: from the first change to the last, of apply and of rollback.

    python benchmarks/transition_time.py [--runs 20] [--write docs/performance.md]

Each run has a lab host of its own, with five addresses of both families and a dozen routes. Its
changes are seen by a separate `ip -ts monitor`; beside that is what the command itself reports.
Needs root, like the lab.
"""

import argparse
import itertools
import os
import re
import statistics
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from loss.conditions import Conditions
from loss.tables import write

from bridgekit.lab.host import readable
from bridgekit.lab.topology import Lab

COMMANDS: Final = {"apply": ("apply", "eth0", "--yes"), "rollback": ("rollback",)}
MONITOR: Final = ("ip", "-ts", "monitor", "link", "address", "route", "rule", "nexthop")
TIME: Final = len("[2026-01-01T00:00:00.000000")
START, END = "127.0.0.8", "127.0.0.9"
"""Addresses of lo: between the notices of these two are those of the change."""


@dataclass(frozen=True, slots=True)
class Span:
    """One transition in ms: as reported, as seen, and as seen until only br0 was left to delete."""

    reported: float
    seen: float
    without_bridge: float


def span(lab: Lab, words: tuple[str, ...]) -> Span:
    """Run a verb of bridgekit while `ip monitor` runs."""
    with lab.popen("host", *MONITOR, stdout=subprocess.PIPE, text=True, bufsize=1) as monitor:
        assert monitor.stdout
        try:
            for _ in iter(lambda: readable(monitor.stdout, 0.1), True):  # it may not have begun
                lab.run("host", "ip", "address", "replace", f"{START}/8", "dev", "lo")
            done = lab.bridgekit(*words)
            reported = re.search(r"operations done in (\d+) ms", done.stderr)
            assert done.code == 0 and reported, done.stderr
            lab.ip("host", f"address add {END}/8 dev lo")
            heard = list(itertools.takewhile(lambda line: END not in line, monitor.stdout))
        finally:
            monitor.kill()
    lab.run("host", "ip", "-4", "address", "flush", "dev", "lo")
    lab.ip("host", "address add 127.0.0.1/8 dev lo")
    changes = [line for line in heard if line.startswith("[") and " lo " not in line]
    times = [datetime.fromisoformat(line[1:TIME]).timestamp() * 1000 for line in changes]
    last = -2 if re.search(r"Deleted \d+: br0:", changes[-1]) else -1
    return Span(float(reported[1]), times[-1] - times[0], times[last] - times[0])


def measured(runs: int) -> dict[str, list[Span]]:
    """Return the spans of each command, apply and rollback in turn."""
    found: dict[str, list[Span]] = {name: [] for name in COMMANDS}
    for number in range(runs):
        with Conditions().lab(f"transition{os.getpid()}x{number}") as lab:
            for name, words in COMMANDS.items():
                found[name].append(span(lab, words))
    return found


def table(found: dict[str, list[Span]]) -> str:
    """Return medians and worsts, as Markdown."""
    lines = [
        "In ms, median / worst:",
        "",
        "| command | reported | seen | seen, without br0's deletion | runs |",
    ]
    lines.append("| --- | --- | --- | --- | --- |")
    for name, spans in found.items():
        columns = zip(*((one.reported, one.seen, one.without_bridge) for one in spans), strict=True)
        cells = (f"{statistics.median(all):.1f} / {max(all):.1f}" for all in columns)
        lines.append(f"| bridgekit {name} | {' | '.join(cells)} | {len(spans)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, and write it if that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20, help="runs of each command")
    parser.add_argument("--write", type=Path, help="a page whose section is to be written anew")
    given = parser.parse_args()
    found = table(measured(given.runs))
    print(found)
    if given.write:
        write(given.write, "transition-time", found)


if __name__ == "__main__":
    main()
