"""A circuit's graph and curve drawn with matplotlib, imported only when a figure is asked for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Outline

from patchwidgets.reports._circuit_places import HIGH, Line, Places
from patchwidgets.reports._map_drawing import TEXT, _scale, plain
from patchwidgets.views._words import signed
from patchwidgets.views.circuit import CircuitMetric, CircuitPoint

DARK, MUTED, LEVEL, BLUE = "#1a1f26", "#586474", "#d5dae1", "#0072b2"
CLOSEST = 0.06
"""Two ticks of a curve are no closer than this share of it."""


def draw_graph(axes: Any, places: Places, limit: float) -> Any:
    """Draw nodes and lines into axes whose unit is an inch; return what a colour bar is of."""
    scale = ScalarMappable(Normalize(-limit, limit), _scale())
    axes.set(xlim=(0, places.width), ylim=(0, places.height))
    axes.set_axis_off()
    for text, y in places.rows:
        _write(axes, 0.0, y, text, color=MUTED, ha="left")
    for line in places.lines:
        axes.add_patch(_stroke(line, limit, scale))
        if line.input:
            x, y = line.points[-1]
            side = -1 if line.input == "q" else 1
            _write(axes, x + 0.06 * side, y - 0.09, line.input, ha="right" if side < 0 else "left")
    for box in places.boxes:
        node = box.node
        share = 0.0 if node.effect is None else node.effect / limit
        ends = node.layer is None
        round_by = HIGH / 2 if ends or node.kind == "mlp" else 0.06
        axes.add_patch(
            FancyBboxPatch(
                (box.x, box.y),
                box.width,
                HIGH,
                boxstyle=f"round,pad=0,rounding_size={round_by}",
                facecolor="white" if node.effect is None else scale.to_rgba(np.array(node.effect)),
                edgecolor=MUTED if ends else DARK,
                linewidth=0.8,
                zorder=3,
                clip_on=False,
            )
        )
        value = "" if node.effect is None else f"\n{signed(node.effect)}"
        ink = "white" if abs(share) > 0.8 else DARK
        middle = (box.x + box.width / 2, box.y + HIGH / 2)
        _write(axes, *middle, plain(node.label) + value, color=ink, ha="center", zorder=4)
    return scale


def draw_curve(axes: Any, metric: CircuitMetric, size: int, universe: int) -> None:
    """Draw how much is kept as nodes are added, with its interval and the random circuits."""
    points = [point for point in metric.curve if point.value is not None]
    sizes = [point.size for point in points]
    # Far beyond the circuit, sizes are drawn on a logarithmic scale; as on the page.
    place = np.log1p if sizes[-1] > 3 * size else np.asarray
    x, y = place(np.array(sizes, float)), np.array([point.value for point in points], float)
    for level in (0.0, 0.5, 1.0):
        axes.axhline(level, color=LEVEL, linewidth=0.8, zorder=0)
    axes.axvline(float(place(float(size))), color=MUTED, linewidth=0.8, linestyle=":", zorder=0)
    axes.fill_between(x, *_band(points), color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(x, y, color=BLUE, linewidth=1.2, marker="o", markersize=3)
    if metric.random:
        across = np.full(len(metric.random), float(place(float(size))))
        axes.scatter(across, metric.random, s=14, facecolors="none", edgecolors=MUTED)
    ticks: list[int] = []
    for tick in (0, size, sizes[-1], *sizes):
        away = [abs(float(place(float(one)) - place(float(tick)))) for one in ticks]
        if all(distance > CLOSEST * float(x[-1] or 1) for distance in away):
            ticks.append(tick)
    axes.set_xticks([float(place(float(tick))) for tick in ticks], list(map(str, ticks)))
    axes.tick_params(labelsize=7, length=2)
    axes.set_xlabel(f"nodes kept, of {universe}", parse_math=False, **TEXT)
    what = f"share of the behaviour kept\n({plain(metric.label)})"
    axes.set_ylabel(what, parse_math=False, **TEXT)
    axes.set_title("Faithfulness as nodes are added", loc="left", fontsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _band(points: Sequence[CircuitPoint]) -> tuple[list[float], list[float]]:
    low = [point.value if point.low is None else point.low for point in points]
    high = [point.value if point.high is None else point.high for point in points]
    return [one or 0.0 for one in low], [one or 0.0 for one in high]


def _stroke(line: Line, limit: float, scale: Any) -> Any:
    """Return a line that moves sideways only between rows; negative ones are dashed."""
    (x, y), *others = line.points
    vertices, codes = [(x, y)], [Outline.MOVETO]
    for to_x, to_y in others:
        middle = (y + to_y) / 2
        vertices += [(x, middle), (to_x, middle), (to_x, to_y)]
        codes += [Outline.CURVE4] * 3
        x, y = to_x, to_y
    effect = line.effect
    size = 0.0 if effect is None else min(1.0, abs(effect) / limit)
    # Strong enough to be seen on the background, whatever the size.
    share = limit * (0.45 + 0.55 * size)
    dashes = ("-", (0, (1, 2)), (0, (5, 3)), (0, (4, 2, 1, 2)))
    return PathPatch(
        Outline(vertices, codes),
        fill=False,
        edgecolor=MUTED if effect is None else scale.to_rgba(share if effect >= 0 else -share),
        linewidth=0.9 if line.whole else 1.0 + 1.2 * size,
        linestyle=dashes[2 * (effect is not None and effect < 0) + line.whole],
        zorder=2,
    )


def _write(axes: Any, x: float, y: float, text: str, **how: Any) -> None:
    look = {"fontsize": 7, "color": DARK, "va": "center", "linespacing": 1.1, "zorder": 5} | how
    axes.text(x, y, text, parse_math=False, **look)
