"""Maps as still figures for papers: SVG, PDF or PNG, made without a browser."""

import textwrap
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.results.writing import write_bytes
from patchwidgets.views._chart import UNMEASURED, UNREACHABLE, Chart
from patchwidgets.views._scale import clipped_limit
from patchwidgets.views._words import UNITS, signed

FORMATS = ("svg", "pdf", "png")
DPI = 200
LETTERS_PER_INCH = 15


def figure_of(rows: Sequence[Sequence[Chart]], caption: str, *, clipped: bool = False) -> Any:
    """Return maps as one matplotlib figure: with titles, labels, colour bars and a caption.

    Args:
        rows: The maps from top to bottom and from left to right.
        caption: What a reader needs to redo them.
        clipped: Whether the largest cells do not set the ends of the scales: they reach as far as
            99 % of the cells.

    Raises:
        PatchwidgetsError: matplotlib is not installed.
    """
    figure_class, draw, plain = drawing_tools()
    across = max(len(row) for row in rows)
    widths = [_inches(len(one.map.columns.labels), 0.24, 2.6, 10.0 / across) for one in rows[0]]
    heights = [_inches(len(row[0].map.rows.labels), 0.17, 1.2, 9.0) for row in rows]
    width = sum(widths) + 1.3 * across
    lines = textwrap.wrap(plain(caption), int(LETTERS_PER_INCH * width))
    height = sum(heights) + 0.9 * len(rows) + 0.2 * len(lines)
    figure = figure_class(figsize=(width, height), layout="constrained")
    grid = figure.subplots(
        len(rows), across, squeeze=False, width_ratios=widths, height_ratios=heights
    )
    for row, line in zip(rows, grid, strict=True):
        for chart, axes in zip(row, line[: len(row)], strict=True):
            _draw_one(figure, axes, chart, draw, plain, clipped)
        for axes in line[len(row) :]:
            axes.set_axis_off()
    if lines:
        place = {"x": 0.01, "ha": "left", "fontsize": 8, "color": "#586474"}
        figure.supxlabel("\n".join(lines), parse_math=False, **place)
    return figure


def written(figure: Any, path: Path, format: str | None) -> Path:
    """Write a figure and return where.

    Raises:
        PatchwidgetsError: The format is not one of `FORMATS`, or it cannot be written there.
    """
    import matplotlib as mpl

    chosen = (format or path.suffix.removeprefix(".")).lower()
    if chosen not in FORMATS:
        raise PatchwidgetsError(
            f"`{path}` would be a figure of the format {chosen!r}, and a figure is `svg`, `pdf` or "
            "`png`. End its name with one of them, or say which, such as `format='svg'`."
        )
    # Text stays text; the same figure is the same file, whenever it is written.
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "patchwidgets", "pdf.fonttype": 42}
    undated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with mpl.rc_context(settings), warnings.catch_warnings():
        # A label in a script that the font lacks is drawn as boxes, and stays text in SVG.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        drawn = BytesIO()
        figure.savefig(drawn, format=chosen, dpi=DPI, metadata=undated.get(chosen))
    return write_bytes(drawn.getvalue(), path)


def _draw_one(figure: Any, axes: Any, chart: Chart, draw: Any, plain: Any, clipped: bool) -> None:
    limit = clipped_limit(chart.values) if clipped else chart.limit
    drawn = draw(axes, chart, limit)
    metric = chart.map.metrics[chart.metric]
    title = "\n".join(textwrap.wrap(plain(chart.map.title), 48))
    axes.set_title(title, loc="left", fontsize=9, parse_math=False)
    beyond = abs(chart.values).max(initial=0, where=chart.values == chart.values) > limit
    bar = figure.colorbar(
        drawn, ax=axes, shrink=0.9, aspect=18, pad=0.02, extend="both" if beyond else "neither"
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.set_ticks([-limit, 0, limit], labels=[signed(-limit), "0", signed(limit)])
    unit = f"effect in {UNITS[metric.unit]}"
    what = (
        metric.quantity or f"{metric.label}, {'normalized effect' if metric.normalized else unit}"
    )
    bar.set_label("\n".join([plain(what), *_marks(chart)]), fontsize=7, parse_math=False)


def _marks(chart: Chart) -> list[str]:
    known = chart.estimates == chart.estimates
    marks = {
        "hatched: not measured": (chart.status == UNMEASURED) & ~known,
        "dotted: estimated": known,
        "grey: below the noise floor": chart.noise,
        "crossed: cannot reach the receiver": chart.status == UNREACHABLE,
    }
    return [text for text, where in marks.items() if where.any()]


def _inches(count: int, each: float, least: float, most: float) -> float:
    return min(most, max(least, each * count))


def drawing_tools() -> tuple[Any, Any, Any]:
    """Return the class of a figure, what draws a map, and what makes a text safe for any file.

    Raises:
        PatchwidgetsError: matplotlib is not installed.
    """
    try:
        from patchwidgets.reports._map_drawing import ShownFigure, draw, plain
    except ImportError as error:
        raise PatchwidgetsError(
            "Figures for papers are drawn by matplotlib, which is not installed. Run "
            "`pip install 'patchwidgets[figures]'`; in a notebook, a map can also be saved from "
            "its own menu."
        ) from error
    return ShownFigure, draw, plain
