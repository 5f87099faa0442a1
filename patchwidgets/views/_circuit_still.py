"""A circuit as a small PNG and as text, for places that draw no view."""

from itertools import pairwise

import numpy as np

from patchwidgets.views._png import DOT, GREY, STEPS, WHITE, _png
from patchwidgets.views._text import spoken
from patchwidgets.views.circuit import Circuit, CircuitNode

WIDTH, ROW, HIGH, WIDE = 480, 26, 14, 44
"""Pixels: of the picture across, between rows, and of one node down and across."""

CURVE = 90
"""Pixels down of the faithfulness curve."""


def circuit_picture(header: Circuit) -> bytes:
    """Return the graph as PNG, red positive and blue negative, and beneath it the curve."""
    rows = _rows(header)
    pixels = np.full((ROW * len(rows) + 8, WIDTH), WHITE, dtype=np.uint8)
    centres = {
        node.name: (round(WIDTH * (place + 0.5) / len(row)), ROW * level + ROW // 2)
        for level, row in enumerate(rows)
        for place, node in enumerate(row)
    }
    effects = [one.effect or 0.0 for one in (*header.nodes, *header.edges)]
    limit = max(map(abs, effects), default=0.0) or 1.0
    for edge in header.edges:
        color = _color(edge.effect, limit, DOT)
        _line(pixels, centres[edge.sender], centres[edge.receiver], color)
    for node in header.nodes:
        _box(pixels, centres[node.name], _color(node.effect, limit, GREY))
    curve = [point for one in header.metrics[:1] for point in one.curve]
    heights = [point.value for point in curve if point.value is not None]
    if len(heights) < 2 or len(heights) < len(curve):
        return _png(pixels)
    sizes = [point.size for point in curve]
    return _png(np.concatenate([pixels, _curve(sizes, heights)]))


def circuit_words(header: Circuit) -> str:
    """Return a circuit as a few lines of plain text."""
    progress = header.progress
    lines = [header.title, " · ".join(f"{one.label} {one.value}" for one in header.facts)]
    lines.append("nodes: " + ", ".join(map(_named, header.nodes)))
    paths = dict.fromkeys(edge.path for edge in header.edges)
    lines += [f"paths: {', '.join(paths)}"] if paths else []
    for metric in header.metrics:
        lines += [f"{metric.label}: {' '.join(metric.words)}"] if metric.words else []
    if progress is None:
        lines.append("not measured: `study.circuit([...])` says how much it carries")
    elif progress.state != "done":
        reason = f": {progress.message}" if progress.message else ""
        lines.append(f"{progress.state}: {progress.done} of {progress.total} runs{reason}")
    return "\n".join(line for line in [*lines, *header.remarks, spoken(header.advice)] if line)


def _named(node: CircuitNode) -> str:
    return node.name if node.effect is None else f"{node.name} {node.effect:+.2f}"


def _rows(header: Circuit) -> list[list[CircuitNode]]:
    """Return the nodes by layer, the highest first."""
    heights = {"embed": -1.0, "logits": float("inf")}
    found: dict[float, list[CircuitNode]] = {}
    for node in header.nodes:
        height = heights.get(node.kind, float(node.layer or 0))
        found.setdefault(height, []).append(node)
    return [found[height] for height in sorted(found, reverse=True)]


def _color(effect: float | None, limit: float, unknown: int) -> int:
    return unknown if effect is None else round((effect / limit + 1) * STEPS)


def _box(pixels: np.ndarray, centre: tuple[int, int], color: int) -> None:
    x, y = centre
    top, left = max(0, y - HIGH // 2), max(0, x - WIDE // 2)
    pixels[top : top + HIGH, left : left + WIDE] = DOT
    pixels[top + 1 : top + HIGH - 1, left + 1 : left + WIDE - 1] = color


def _line(pixels: np.ndarray, start: tuple[int, int], end: tuple[int, int], color: int) -> None:
    count = 2 * max(abs(start[0] - end[0]), abs(start[1] - end[1])) + 1
    x = np.rint(np.linspace(start[0], end[0], count)).astype(int)
    y = np.rint(np.linspace(start[1], end[1], count)).astype(int)
    for dx in (0, 1):
        pixels[y, np.minimum(x + dx, pixels.shape[1] - 1)] = color


def _curve(sizes: list[int], heights: list[float]) -> np.ndarray:
    """Return the share kept against the number of nodes, with lines at 0 and at 1."""
    pixels = np.full((CURVE, WIDTH), WHITE, dtype=np.uint8)
    low, high = min(0.0, *heights), max(1.0, *heights)
    across = [round((WIDTH - 2) * size / max(1, sizes[-1])) for size in sizes]
    down = [round((CURVE - 2) * (high - height) / (high - low)) for height in heights]
    for level in (0.0, 1.0):
        pixels[round((CURVE - 2) * (high - level) / (high - low))] = GREY
    for start, end in pairwise(zip(across, down, strict=True)):
        _line(pixels, start, end, DOT)
    return pixels
