"""A circuit as a still figure for papers: its graph, what was found, and the curve over size."""

import textwrap
from typing import Any

from patchwidgets.reports._circuit_places import Places, places_of
from patchwidgets.reports.map_figure import LETTERS_PER_INCH, drawing_tools
from patchwidgets.views._words import signed
from patchwidgets.views.circuit import Circuit, CircuitMetric

EDGE, BAR, LINE, NARROWEST = 0.15, 0.9, 0.17, 5.4
TITLE, CURVE, UNDER, BESIDE = 0.35, 1.5, 0.5, 0.65
"""Inches: of the title, of the curve, of what stands under it and beside it."""


def circuit_figure(header: Circuit, metric: CircuitMetric, caption: str) -> Any:
    """Return a circuit as one matplotlib figure with labels, a colour bar and a caption.

    Args:
        header: The graph.
        metric: What is said of it.
        caption: What a reader needs to redo it.

    Raises:
        PatchwidgetsError: matplotlib is not installed.
    """
    figure_class, _, plain = drawing_tools()
    from patchwidgets.reports._circuit_drawing import draw_curve, draw_graph

    places = places_of(header)
    width = max(places.width, NARROWEST) + 2 * EDGE + BAR
    letters = int(LETTERS_PER_INCH * (width - 2 * EDGE))
    found = textwrap.wrap(plain(" ".join(metric.words)), letters)
    small = textwrap.wrap(_legend(header, metric, places), letters)
    below = textwrap.wrap(plain(caption), letters)
    is_curve = sum(point.value is not None for point in metric.curve) > 1
    curve = is_curve * (TITLE + CURVE + UNDER)
    texts = LINE * (len(found) + len(small) + len(below)) + 4 * EDGE
    height = TITLE + places.height + curve + texts
    figure = figure_class(figsize=(width, height))
    top = _Cursor(figure, width, height)
    top.write([plain(header.title)], fontsize=9, color="#1a1f26", step=TITLE)
    middle, limit = (width - BAR - places.width) / 2, _limit(header)
    drawn = draw_graph(top.axes(middle, places.width, places.height), places, limit)
    if header.effects:
        _color_bar(figure, top.beside(width - BAR, min(places.height, 1.6)), drawn, limit, header)
    top.skip(EDGE)
    top.write(found, fontsize=8, color="#1a1f26")
    if is_curve:
        top.skip(TITLE)
        across = width - 2 * EDGE - BESIDE - BAR
        draw_curve(top.axes(EDGE + BESIDE, across, CURVE), metric, header.size, header.universe)
        top.skip(UNDER)
    top.write(small, fontsize=7)
    top.skip(EDGE / 2)
    top.write(below, fontsize=8)
    return figure


class _Cursor:
    """Goes down a figure and says where in it the next thing lies."""

    def __init__(self, figure: Any, width: float, height: float) -> None:
        self._figure, self._width, self._height = figure, width, height
        self._y = height - EDGE
        self._last = 0.0

    def skip(self, inches: float) -> None:
        """Leave some room."""
        self._y -= inches

    def write(self, lines: list[str], step: float = LINE, **look: Any) -> None:
        """Write lines of text from the left edge on."""
        for line in lines:
            place = EDGE / self._width, self._y / self._height
            self._figure.text(
                *place, line, va="top", parse_math=False, **{"color": "#586474"} | look
            )
            self._y -= step

    def axes(self, left: float, width: float, height: float) -> Any:
        """Return new axes below what there is."""
        self._y -= height
        self._last = height
        return self._new(left, self._y, width, height)

    def beside(self, left: float, height: float) -> Any:
        """Return axes for a colour bar, to the right of the last ones."""
        return self._new(left, self._y + self._last - height, 0.1, height)

    def _new(self, left: float, bottom: float, width: float, height: float) -> Any:
        across, down = self._width, self._height
        return self._figure.add_axes((left / across, bottom / down, width / across, height / down))


def _color_bar(figure: Any, axes: Any, drawn: Any, limit: float, header: Circuit) -> None:
    bar = figure.colorbar(drawn, cax=axes)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.set_ticks([-limit, 0, limit], labels=[signed(-limit), "0", signed(limit)])
    bar.set_label(header.effects, fontsize=7, parse_math=False)


def _limit(header: Circuit) -> float:
    effects = [one.effect or 0.0 for one in (*header.nodes, *header.edges)]
    return max(map(abs, effects), default=0.0) or 1.0


def _legend(header: Circuit, metric: CircuitMetric, places: Places) -> str:
    """Return what the marks mean, in the words of the page."""
    unknown = any(line.effect is None for line in places.lines)
    areas = (
        ""
        if metric.cpr is None or metric.cmd is None
        else f"areas under the curve: CPR {metric.cpr:.2f}, CMD {metric.cmd:.2f}"
    )
    parts = [
        "dashed: negative" if header.effects else "",
        "grey: not measured" if unknown else "",
        "dotted: a node's whole effect, by whatever route"
        if any(line.whole for line in places.lines)
        else "",
        "band: 95 % interval over prompt pairs" if metric.curve else "",
        f"rings: {len(metric.random)} random circuits" if metric.random else "",
        areas,
    ]
    return " · ".join(part for part in parts if part)
