"""A plot of answers against time: a bar for each kind of traffic, white where none came."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Final

from bridgekit.lab.traffic import SPAN, Flow
from loss.conditions import KINDS, Pairs
from loss.runs import PROBES, Series

LEFT, WIDTH, ROW, HEAD = 130, 840, 9, 26
LEVELS: Final = 3
STYLE: Final = (
    "text{font:11px sans-serif;fill:#222}.k{font-size:8px;fill:#555}"
    ".probe{fill:#1b6ca8}.tcp{fill:#d2762d}.grid{stroke:#ccc}"
)
Bar = tuple[str, str, list[int], float]
"""A name, a class, the answers in each span, and how many are expected in one."""


def picture(measured: Sequence[Series], rate: int) -> str:
    """Return the first run of each method as SVG."""
    shown = [(one, list(_bars(one.runs[0].flows, one.conditions.pairs, rate))) for one in measured]
    spans = max(len(bar[2]) for _, bars in shown for bar in bars)
    parts: list[str] = []
    top = 30
    for one, bars in shown:
        parts += _panel(one.way.title, _lost(one.runs[0].flows), bars, spans, top)
        top += HEAD + ROW * len(bars)
    size = f'width="{LEFT + WIDTH + 20}" height="{top + 24}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style>'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    title = f'<text x="10" y="16">Answers against time, {rate} probes a second of each kind</text>'
    return "\n".join((head, ground, title, *_grid(spans, top), *parts, "</svg>\n"))


def _bars(flows: Sequence[Flow], pairs: Pairs, rate: int) -> Iterator[Bar]:
    for name in KINDS:
        ours = [f for f in flows if f.kind in PROBES and (f.host, f.peer) == pairs[name]]
        yield name, "probe", _sum(ours), rate * SPAN * len(ours)
    for name, sign in (("TCP IPv4", "."), ("TCP IPv6", ":")):
        ours = [f for f in flows if f.kind == "tcp" and sign in f.host]
        yield name, "tcp", _sum(ours), rate * SPAN * len(ours)


def _sum(flows: Sequence[Flow]) -> list[int]:
    length = max(len(flow.answers) for flow in flows)
    padded = ([*flow.answers, *[0] * (length - len(flow.answers))] for flow in flows)
    return [sum(answers) for answers in zip(*padded, strict=True)][:-1]  # the last is not whole


def _lost(flows: Sequence[Flow]) -> int:
    return sum(flow.lost for flow in flows if flow.kind in PROBES)


def _panel(title: str, lost: int, bars: Sequence[Bar], spans: int, top: float) -> Iterator[str]:
    yield f'<text x="10" y="{top + 12}">{escape(title)}: {lost} probes lost</text>'
    for number, (name, kind, answers, expected) in enumerate(bars):
        y = top + HEAD - 8 + number * ROW
        yield f'<text class="k" x="{LEFT - 6}" y="{y + 7}" text-anchor="end">{name}</text>'
        shape = "".join(_shape(answers, expected, WIDTH / spans, y))
        yield f'<path class="{kind}" d="{shape}"/>'


def _shape(answers: Sequence[int], expected: float, width: float, y: float) -> Iterator[str]:
    """Return rectangles as high as the share of answered probes; equal neighbours are one."""
    levels = [min(round(LEVELS * number / expected), LEVELS) for number in answers]
    at = 0
    for level, group in groupby(levels):
        length = len(list(group))
        height = level * (ROW - 2) / LEVELS
        if level:
            start, base = LEFT + at * width, y + ROW - 2
            yield f"M{start:.1f} {base:.1f}v{-height:.1f}h{length * width:.1f}v{height:.1f}z"
        at += length


def _grid(spans: int, bottom: float) -> Iterator[str]:
    for second in range(int(spans * SPAN) + 1):
        x = LEFT + second / SPAN * WIDTH / spans
        yield f'<path class="grid" d="M{x:.1f} 26V{bottom}"/>'
        place = f'x="{x:.1f}" y="{bottom + 14}" text-anchor="middle"'
        yield f'<text class="k" {place}>{second} s</text>'
