"""A drawing as a Bokeh figure; imported only when one is asked for, because Bokeh takes a second.

What has the colour of text is tagged: the page knows its theme, and Python does not.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.embed import json_item
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    Legend,
    LegendItem,
    Model,
    Range1d,
    Scatter,
    Slope,
    Span,
    TapTool,
    Text,
)
from bokeh.models.glyph import Glyph
from bokeh.plotting import figure as new_figure

from patchwidgets.charts._drawing import Drawing, Line

HEIGHT = 460
NAME_TURN = 0.6
"""Names under an axis rise by so much, in radians, so that they do not lie over each other."""
INK, LABEL, TIP = "pw-ink", "pw-label", "pw-tip"
"""Tags of what has the colour of text, of text that also covers what is behind it, and of what
says `node` and `says` of a dot under the pointer. The same in js/src/views/bokeh-figure.ts."""


def figure_of(drawing: Drawing) -> Any:
    """Return a drawing as a Bokeh figure.

    One data source holds all dots, with a column `node`, so that a selection has one place.
    """
    x, y = drawing.reach()
    shown: Any = new_figure(
        height=HEIGHT,
        min_width=260,
        sizing_mode="stretch_width",
        title=drawing.title,
        x_range=Range1d(start=x[0], end=x[1]),
        y_range=Range1d(start=y[0], end=y[1]),
        x_axis_label=drawing.x_label,
        y_axis_label=drawing.y_label,
        tools="pan,box_zoom,wheel_zoom,reset,save",
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
    )
    shown.title.offset = -42  # where the numbers of the axis begin
    shown.toolbar.logo = None
    shown.toolbar.active_scroll = None  # the wheel scrolls the notebook
    for dimension in ("width", "height"):
        shown.add_layout(Span(location=0, dimension=dimension, line_alpha=0.5, tags=[INK]))
    if drawing.x_names:
        _name_ticks(shown.xaxis[0], drawing.x_names)
    if drawing.diagonal:
        shown.add_layout(Slope(gradient=1, y_intercept=0, line_dash="dashed", tags=[INK]))
    for line in drawing.lines:
        _add_line(shown, line)
    _add_dots(shown, drawing, x)
    return shown


def item_of(figure: Model) -> dict[str, Any]:
    """Return a figure as the JSON that BokehJS draws."""
    return dict(json_item(figure))


def _name_ticks(axis: Any, names: Sequence[str]) -> None:
    axis.ticker = FixedTicker(ticks=list(range(len(names))))
    axis.major_label_overrides = dict(enumerate(names))
    axis.major_label_orientation = NAME_TURN


def _add_line(shown: Any, line: Line) -> None:
    color = {"line_color": line.color} if line.color else {}
    dash = "dashed" if line.dashed else "solid"
    drawn = shown.line(line.x, line.y, line_width=2, line_dash=dash, **color)
    if not line.color:
        drawn.glyph.tags = [INK]


def _add_dots(shown: Any, drawing: Drawing, reach: tuple[float, float]) -> None:
    dots = drawing.dots
    groups = [drawing.groups[at] for at in dots.group]
    right = dots.x > np.mean(reach)
    source = ColumnDataSource(
        {
            "node": list(dots.node),
            "says": list(dots.says),
            "x": np.asarray(dots.x, dtype=np.float64),
            "y": np.asarray(dots.y, dtype=np.float64),
            "marker": [group.marker for group in groups],
            "color": [group.color for group in groups],
            "fill": np.array([0.9 if group.filled else 0.0 for group in groups]),
            "align": np.where(right, "right", "left").tolist(),
            "aside": np.where(right, -12, 12),
        }
    )
    drawn = shown.scatter(
        "x",
        "y",
        source=source,
        marker="marker",
        size=9,
        line_color="color",
        fill_color="color",
        fill_alpha="fill",
    )
    drawn.selection_glyph = drawn.nonselection_glyph = None
    _add_marks(shown, source)
    shown.add_tools(
        HoverTool(renderers=[drawn], tooltips=[("node", "@node")], tags=[TIP]),
        TapTool(renderers=[drawn]),
    )
    legend = Legend(
        items=[
            LegendItem(
                label=f"{group.label} ({len(dots.of(at))})", renderers=[drawn], index=int(first)
            )
            for at, group in enumerate(drawing.groups)
            for first in dots.of(at)[:1]
        ],
        title=drawing.legend,
        title_text_font_style="normal",
        ncols=2,
        location="left",
    )
    shown.add_layout(legend, "below")


def _add_marks(shown: Any, source: ColumnDataSource) -> None:
    """Draw a ring around the selected dots, and their names."""
    ring = {"size": 19, "fill_color": None, "line_width": 2.5, "tags": [INK]}
    _mark_selected(shown, source, Scatter, {"line_alpha": 1.0}, ring)
    label = {
        "text": "node",
        "text_align": "align",
        "text_baseline": "bottom",
        "text_font_style": "bold",
        "x_offset": "aside",
        "y_offset": -8,
        "padding": 2,
        "border_radius": 3,
        "tags": [LABEL],
    }
    seen = {"text_alpha": 1.0, "background_fill_alpha": 1.0}
    _mark_selected(shown, source, Text, seen, label)


def _mark_selected(
    shown: Any,
    source: ColumnDataSource,
    kind: type[Glyph],
    seen: dict[str, Any],
    looks: dict[str, Any],
) -> None:
    """Draw something at the dots that are selected, and nothing at the others."""
    nothing: dict[str, Any] = dict.fromkeys(seen, 0.0)
    plain, other = (kind(x="x", y="y", **looks, **nothing) for _ in range(2))
    selected = kind(x="x", y="y", **looks, **seen)
    shown.add_glyph(source, plain, selection_glyph=selected, nonselection_glyph=other)
