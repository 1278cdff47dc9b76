"""Results as Markdown tables and plots."""

import os
import platform
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from plot import Line, exponent, log_log
from scale_alternatives import Spent
from scale_states import KINDS

OURS = ("plan", "apply", "rollback", "recover")
BATCH, KERNEL_MINIMUM = "ip -batch", "packed by hand"
THEIRS = (BATCH, KERNEL_MINIMUM, "save and restore", "pyroute2")
NAMES = {"plan": "bridgekit plan", "apply": "apply", "rollback": "rollback", "recover": "recover"}


@dataclass(frozen=True, slots=True)
class Found:
    """All runs of all methods with so many objects of a kind."""

    kind: str
    size: int
    runs: dict[str, list[Spent]] = field(default_factory=dict)

    def add(self, spent: dict[str, Spent]) -> None:
        """Add the results of one run."""
        for way, one in spent.items():
            self.runs.setdefault(way, []).append(one)

    def seconds(self, way: str) -> float | None:
        """Return the median of the runs."""
        runs = self.runs.get(way)
        return statistics.median(one.seconds for one in runs) if runs else None

    def peak(self, way: str) -> float | None:
        """Return the median of the peak memory, in MiB."""
        runs = self.runs.get(way)
        return statistics.median(one.kib for one in runs) / 1024 if runs else None


@dataclass(frozen=True, slots=True)
class Series:
    """One kind in all its sizes, the empty one first."""

    found: Sequence[Found]

    @property
    def kind(self) -> str:
        """Return what kind of state the runs had."""
        return self.found[0].kind

    @property
    def sized(self) -> Sequence[Found]:
        """Return those that are not empty."""
        return [found for found in self.found if found.size]

    def ways(self) -> list[str]:
        """Return the methods that were run."""
        return [way for way in (*OURS, *THEIRS) if any(way in found.runs for found in self.sized)]

    def bytes_each(self, found: Found, way: str) -> float | None:
        """Return the peak memory for each object, over that of the empty run."""
        empty, peak = self.found[0].peak(way), found.peak(way)
        return None if empty is None or peak is None else (peak - empty) * 2**20 / found.size

    def growth(self, way: str) -> float | None:
        """Return the exponent of what the objects cost, where that is not lost in the rest."""
        empty = self.found[0].seconds(way) or 0
        points = [(one.size, one.seconds(way) or 0) for one in self.sized]
        return exponent([(size, all_of - empty) for size, all_of in points if all_of > 1.2 * empty])

    def lines(self) -> Iterator[Line]:
        """Yield the seconds of each method."""
        for way in self.ways():
            points = [(one.size, one.seconds(way) or 0) for one in self.sized if way in one.runs]
            yield Line(NAMES.get(way, way), points)

    def memory(self) -> Iterator[Line]:
        """Yield the MiB of each method."""
        for way in self.ways():
            points = [(one.size, one.peak(way) or 0) for one in self.sized if way in one.runs]
            yield Line(NAMES.get(way, way), points)


def number(value: float | None, digits: int = 2) -> str:
    """Return the number as text; a dash for none."""
    return "-" if value is None else f"{value:.{digits}f}"


def row(cells: Iterable[str]) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cells)} |"


def table(series: Series) -> Iterator[str]:
    """Yield the table of a kind: seconds, ratios, memory; the last line has the exponents."""
    ways = series.ways()
    compared = [way for way in (BATCH, KERNEL_MINIMUM) if way in ways and "apply" in ways]
    heads = [*(NAMES.get(way, way) for way in ways), *(_ratio_name(way) for way in compared)]
    yield f"**{series.kind}**: {(KINDS[series.kind].__doc__ or '').strip()}"
    yield ""
    yield row(["number", *heads, "bytes each, at most"])
    yield row(["---:"] * (len(heads) + 2))
    for found in series.found:
        ratios = [_ratio(found, way) for way in compared]
        cells = [*(number(found.seconds(way)) for way in ways), *ratios]
        yield row([f"{found.size:,}", *cells, _most_bytes(series, found)])
    grown = (number(series.growth(way)) for way in ways)
    yield row(["exponent", *grown, *([""] * (len(compared) + 1))])
    yield ""


def _ratio_name(way: str) -> str:
    return "ip -batch : apply" if way == BATCH else "apply : by hand"


def _ratio(found: Found, way: str) -> str:
    ours, theirs = found.seconds("apply"), found.seconds(way)
    if not ours or not theirs:
        return "-"
    return number(theirs / ours if way == BATCH else ours / theirs, 1)


def _most_bytes(series: Series, found: Found) -> str:
    known = [series.bytes_each(found, way) for way in OURS] if found.size else []
    return number(max((one for one in known if one is not None), default=None), 0)


def plots(series: Series) -> tuple[str, str]:
    """Return the plots of seconds and of memory."""
    title = f"Moving a host from eth0 to br0: {series.kind}"
    return (
        log_log(title, "routes", "seconds", list(series.lines())),
        log_log(title, "routes", "MiB at the peak", list(series.memory())),
    )


def machine() -> str:
    """Return the machine that it was measured on."""
    release = ".".join(platform.release().split(".")[:2])
    return f"{os.cpu_count()} cores, Linux {release}, Python {platform.python_version()}"
