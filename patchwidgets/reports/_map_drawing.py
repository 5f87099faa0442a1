"""One map drawn with matplotlib, which is imported only when a figure is asked for."""

from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure

from patchwidgets.views._chart import ABSENT, UNMEASURED, UNREACHABLE, Chart
from patchwidgets.views._scale import BEYOND, NOISE, SIGN_FROM, SIZES, STOPS, between, paler

MOST_CELLS_WITH_EDGES = 10_000
"""More than that are one picture in the figure, not shapes of their own."""

FINE = 1025
HATCH, GREY = "#bec6d0", "#eceff3"
TEXT = {"fontsize": 8, "color": "#1a1f26"}
LONGEST = 14
HIDDEN = {ord("\n"): "⏎"}
"""What breaks a line, as it is seen; what no file can hold is seen as a mark too."""

UNWRITABLE = dict.fromkeys((*range(10), *range(11, 32), *range(127, 160), 0xFFFE, 0xFFFF), "�")


class ShownFigure(Figure):
    """A figure that a notebook shows as a picture, whether or not `pyplot` was imported."""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=90)
        return buffer.getvalue()


def plain(text: str) -> str:
    """Return a text that any file can hold, on one line."""
    return text.translate(HIDDEN | UNWRITABLE).encode("utf-8", "replace").decode("utf-8")


def draw(axes: Any, chart: Chart, limit: float) -> Any:
    """Draw the cells of a map and its axes, and return what its colour bar is of.

    Args:
        axes: Of matplotlib.
        chart: The numbers.
        limit: The end of the colour scale.
    """
    rows, columns = chart.values.shape
    unknown = (chart.status == UNMEASURED) & np.isnan(chart.estimates)
    if unknown.any():
        axes.patch.set(facecolor=GREY, edgecolor=HATCH, hatch="/////", linewidth=0)
    drawn = _mesh(axes, np.where(chart.noise, np.nan, chart.values), _scale(), limit)
    _estimates(axes, chart, limit)
    _flat(axes, chart.noise, f"#{NOISE}")
    _flat(axes, chart.status == ABSENT, "white")
    _flat(axes, chart.status == UNREACHABLE, "#f7f7f7")
    _strokes(axes, chart.status == UNREACHABLE)
    _signs(axes, np.where(chart.noise, np.nan, chart.values) / limit)
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    _ticks(axes.yaxis, chart.map.rows.labels, axes.bbox.height)
    _ticks(axes.xaxis, chart.map.columns.labels, axes.bbox.width)
    axes.set_xlabel(plain(chart.map.columns.name), parse_math=False, **TEXT)
    axes.set_ylabel(plain(chart.map.rows.name), parse_math=False, **TEXT)
    for side in axes.spines.values():
        side.set_visible(False)
    return drawn


def _scale() -> Any:
    colors = between(STOPS, FINE) / 255
    scale = LinearSegmentedColormap.from_list("patchwidgets", colors, N=FINE)
    return scale.with_extremes(bad=(0, 0, 0, 0), under=f"#{BEYOND[0]}", over=f"#{BEYOND[1]}")


def _mesh(axes: Any, values: np.ndarray, scale: Any, limit: float) -> Any:
    rows, columns = values.shape
    # A value that is the limit but for rounding to 32 bits is not beyond it.
    ends = {"cmap": scale, "vmin": -limit * (1 + 1e-6), "vmax": limit * (1 + 1e-6)}
    hidden = np.ma.masked_invalid(values)
    if values.size > MOST_CELLS_WITH_EDGES:
        place = (0, columns, rows, 0)
        return axes.imshow(hidden, extent=place, aspect="auto", interpolation="nearest", **ends)
    line = 0.6 if values.size <= 2500 else 0
    return axes.pcolormesh(hidden, edgecolors="white", linewidth=line, **ends)


def _estimates(axes: Any, chart: Chart, limit: float) -> None:
    known = np.isfinite(chart.estimates)
    if not known.any() or chart.map.estimate is None:
        return
    if chart.map.estimate.signed:
        colors, values = paler(between(STOPS, FINE)), chart.estimates
    else:
        colors, values = paler(between(SIZES, FINE)), 2 * np.abs(chart.estimates) - limit
    _mesh(axes, values, ListedColormap(colors / 255).with_extremes(bad=(0, 0, 0, 0)), limit)
    y, x = np.nonzero(known)
    axes.scatter(x + 0.5, y + 0.5, s=2, marker=".", color="#1a1f26", linewidths=0)


def _flat(axes: Any, where: np.ndarray, color: str) -> None:
    if where.any():
        _mesh(axes, np.where(where, 0.0, np.nan), ListedColormap([color]), 1.0)


def _strokes(axes: Any, where: np.ndarray) -> None:
    lines = [[(x, y + 1), (x + 1, y)] for y, x in np.argwhere(where)]
    if lines and len(lines) <= MOST_CELLS_WITH_EDGES:
        axes.add_collection(LineCollection(lines, colors=HATCH, linewidths=0.5))


def _signs(axes: Any, shares: np.ndarray) -> None:
    """Mark strong cells with their sign, which a grey print does not lose."""
    if shares.size > MOST_CELLS_WITH_EDGES:
        return
    for sign, marker in ((1, "+"), (-1, "_")):
        for dark in (True, False):
            strong = (sign * shares >= SIGN_FROM) & ((np.abs(shares) > 0.6) == dark)
            y, x = np.nonzero(strong)
            ink = "white" if dark else "#1a1f26"
            axes.scatter(x + 0.5, y + 0.5, s=9, marker=marker, color=ink, linewidths=0.8)


def _ticks(axis: Any, labels: list[str], pixels: float) -> None:
    """Write as many labels as have room."""
    shown = [_short(label) for label in labels]
    across = axis.axis_name == "x"
    wide = max((len(label) for label in shown), default=1) * 0.6
    turned = across and wide * 8 * mpl.rcParams["figure.dpi"] / 72 > pixels / max(1, len(labels))
    each = 10 if turned or not across else 8 * (wide + 1)
    room = each * mpl.rcParams["figure.dpi"] / 72
    step = _step(room * len(labels) / max(1.0, pixels))
    words = {at for at, label in enumerate(shown) if not label.lstrip("L").isdecimal()}
    # Among numbers, a word such as `embed` is one of a kind.
    beside = {at for at in words if 2 * len(words) < len(labels)}
    crowded = {at + away for at in beside for away in range(1 - step, step) if away}
    places = sorted(set(range(0, len(labels), step)) - crowded | beside)
    turn = {"rotation": 90} if turned and any(not one.isdecimal() for one in shown) else {}
    axis.set_ticks(
        [at + 0.5 for at in places], [shown[at] for at in places], parse_math=False, **turn, **TEXT
    )
    axis.set_tick_params(length=0, pad=2)


def _step(least: float) -> int:
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if step >= least:
                return step
        size *= 10


def _short(label: str) -> str:
    text = plain(label.strip())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
