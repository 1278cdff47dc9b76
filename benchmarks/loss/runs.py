"""Run one method under traffic, after a control on the same host."""

import itertools
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bridgekit.lab.traffic import Flow, Traffic
from loss.conditions import Conditions
from loss.ways import Way

LEAD: Final = 0.3
"""Seconds of traffic before the method starts."""
PROBES: Final = ("udp", "icmp")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Run:
    """The traffic on one host without the method, and then with it."""

    control: list[Flow]
    flows: list[Flow]
    bridged: int = 0
    """Packets a second through the bridge meanwhile."""

    @property
    def quiet(self) -> bool:
        """Return whether the control lost nothing, so that this run counts."""
        return not any(flow.lost for flow in self.control if flow.kind in PROBES)

    def lost(self, kind: str, host: str, peer: str) -> int:
        """Return how many probes of this kind were lost."""
        wanted = kind, host, peer
        return sum(f.lost for f in self.flows if (f.kind, f.host, f.peer) == wanted)

    @property
    def stall(self) -> float:
        """Return the longest stall of a TCP stream."""
        return stall(self.flows)

    @property
    def longest_pause(self) -> float:
        """Return the longest time without an answer to a kind of probe."""
        return max(flow.longest_gap_ms for flow in self.flows if flow.kind in PROBES)


def stall(flows: list[Flow]) -> float:
    """Return the longest stall of a TCP stream, in ms."""
    return max(flow.longest_gap_ms for flow in flows if flow.kind == "tcp")


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one method under the same conditions."""

    way: Way
    conditions: Conditions
    runs: list[Run]
    discarded: int

    def each(self, number: Callable[[Run], float]) -> tuple[float, float]:
        """Return the median and the worst."""
        numbers = [number(run) for run in self.runs]
        return (statistics.median(numbers), max(numbers)) if numbers else (-1, -1)

    def lost(self, kind: str, pair: tuple[str, str]) -> tuple[float, float]:
        """Return how many probes of this kind were lost, median and worst."""
        return self.each(lambda run: run.lost(kind, *pair))


def series(way: Way, conditions: Conditions, runs: int, rate: int) -> Series:
    """Make so many runs that count, or give up after twice as many."""
    kept: list[Run] = []
    made = 0
    while len(kept) < runs and made < 2 * runs:
        made += 1
        run = measured(way, conditions, rate)
        kept += [run] * run.quiet
    return Series(way, conditions, kept, made - len(kept))


def measured(way: Way, conditions: Conditions, rate: int) -> Run:
    """Run the method once, on a host of its own, after its control."""
    with conditions.lab(f"outage{os.getpid()}-{next(_numbers)}") as lab:
        way.ready(lab)
        lab.hosts["host"].settle()
        pairs = list(conditions.pairs.values())
        hosts = lab.hosts["host"], lab.hosts["gateway"]
        both: list[list[Flow]] = []
        before, start = conditions.bridged(lab), time.monotonic()
        for step in (way.control, way.run):
            with Traffic(*hosts, pairs, rate, (*PROBES, "tcp")) as traffic:
                time.sleep(LEAD)
                step(lab)
                time.sleep(way.afterwards)
                both.append(traffic.stop())
        packets = conditions.bridged(lab) - before
        return Run(both[0], both[1], round(packets / (time.monotonic() - start)))
