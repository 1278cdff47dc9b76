"""A plot with logarithmic axes, as SVG text; and the power law that fits points best."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 50
COLOURS = ("#0b5fa5", "#c2410c", "#15803d", "#7c3aed", "#be185d", "#57534e", "#0e7490", "#a16207")
STYLE = (
    "text{font:12px sans-serif;fill:#1c1917}.grid{stroke:#d6d3d1}.line{fill:none;stroke-width:2}"
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, with its name; all numbers are above 0."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Axis:
    """Decades of a quantity, laid out from one pixel to another."""

    title: str
    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def decades(self) -> Iterator[tuple[float, str]]:
        """Yield the pixel of each power of ten, and its text."""
        for power in range(self.low, self.high + 1):
            yield self.at(10**power), f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"


def axis(title: str, values: Sequence[float], start: float, end: float) -> Axis:
    """Return the axis that has room for all values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return Axis(title, low, max(high, low + 1), start, end)


def log_log(title: str, x: str, y: str, lines: Sequence[Line]) -> str:
    """Return the plot of these lines; `x` and `y` are the titles of the axes."""
    points = [point for line in lines for point in line.points]
    across = axis(x, [point[0] for point in points], LEFT, WIDTH - RIGHT)
    up = axis(y, [point[1] for point in points], HEIGHT - BOTTOM, TOP)
    parts = [*_frame(title, across, up), *_lines(lines, across, up)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", ground, *parts, "</svg>", ""])


def _frame(title: str, across: Axis, up: Axis) -> Iterator[str]:
    yield _text(LEFT, 22, title, "start")
    yield _text((across.start + across.end) / 2, HEIGHT - 10, across.title)
    yield _text(8, TOP - 10, up.title, "start")
    for at, label in across.decades():
        yield f'<path class="grid" d="M{at:.1f} {up.start}V{up.end}"/>'
        yield _text(at, up.start + 18, label)
    for at, label in up.decades():
        yield f'<path class="grid" d="M{across.start} {at:.1f}H{across.end}"/>'
        yield _text(LEFT - 8, at + 4, label, "end")


def _lines(lines: Sequence[Line], across: Axis, up: Axis) -> Iterator[str]:
    ends = sorted(range(len(lines)), key=lambda number: up.at(lines[number].points[-1][1]))
    places = dict(zip(ends, _apart([up.at(lines[n].points[-1][1]) for n in ends]), strict=True))
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        spots = [(across.at(x), up.at(y)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        yield f'<polyline class="line" stroke="{colour}" points="{path}"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots)
        leader = f"M{spots[-1][0]:.1f} {spots[-1][1]:.1f}L{WIDTH - RIGHT + 12} {places[number]:.1f}"
        yield f'<path d="{leader}" stroke="{colour}" stroke-dasharray="2 3"/>'
        yield _text(WIDTH - RIGHT + 16, places[number] + 4, line.name, "start")


def _apart(places: Sequence[float], least: float = 16) -> list[float]:
    """Return the same positions in order, each at least that far from the one before."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + least) if found else place)
    return found


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def exponent(points: Sequence[Point]) -> float | None:
    """Return the power of x by which y grows, least squares; None of fewer than two points."""
    if len(points) < 2:
        return None
    xs, ys = ([math.log(point[side]) for point in points] for side in (0, 1))
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((one - x) * (other - y) for one, other in zip(xs, ys, strict=True))
    return above / sum((one - x) ** 2 for one in xs)
