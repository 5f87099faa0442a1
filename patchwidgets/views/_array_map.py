"""Anybody's array as the map that is drawn."""

from typing import Any

import numpy as np
import pandas as pd

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.views._arrays import Numbers, numbers_of
from patchwidgets.views._axes import Along, axes, named
from patchwidgets.views._chart import Chart
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.array_map import ArrayMap
from patchwidgets.views.heatmap import Axis, Heatmap, MetricColumn, Progress

UNMEASURED, MEASURED, IDENTITY, UNREACHABLE = range(4)


def array_map(
    array: Any,
    rows: Along = None,
    columns: Along = None,
    *,
    title: str = "",
    caption: str = "",
    quantity: str = "",
    limit: float | int | None = None,
    turn: int = 0,
) -> tuple[ArrayMap, bytes]:
    """Return header and arrays of a map of anybody's numbers; see `widgets.heatmap.heatmap`.

    `turn` counts how often another array was drawn: a page stores the output of another turn anew.
    """
    given = numbers_of(array)
    if limit is not None and not 0 < limit < np.finfo(np.float32).max:
        raise PatchwidgetsError(
            f"`limit` is {limit!r}, and the colour scale reaches from -limit to limit. Give a "
            "positive number, or leave it out: the scale then reaches to the largest value."
        )
    upright = given.values.ndim == 2 or columns is None
    row_axis, column_axis = _axes_of(given, rows, columns, upright)
    values = _laid(given.values, upright)
    block = ArrayBlock()
    what = quantity or given.quantity or "value"
    status = _status(given, values, upright)
    interval = None if given.interval is None else np.moveaxis(given.interval, -1, 0)
    low, high = (None, None) if interval is None else (_laid(one, upright) for one in interval)
    measured = int((status != UNMEASURED).sum())
    title = title or (what if what != "value" else "Map")
    heatmap = Heatmap(
        key=f"array {turn}",
        title=title,
        caption=" · ".join(part for part in (caption, given.note) if part),
        rows=row_axis,
        columns=column_axis,
        names=_names(given, row_axis, column_axis),
        metrics=[_metric(what)],
        value=block.add(values[None]),
        low=None if low is None else block.add(low[None]),
        high=None if high is None else block.add(high[None]),
        status=block.add(status),
        progress=Progress(
            state="done", done=measured, total=values.size, share=1, seconds_left=None, message=""
        ),
        limit=limit,
    )
    return ArrayMap(title=title, maps=[heatmap]), block.to_bytes()


def table_of(chart: Chart) -> pd.DataFrame:
    """Return a row for every cell: its name, row, column and number, NaN where not measured."""
    rows, columns = chart.map.rows, chart.map.columns
    height, width = chart.values.shape
    places = [divmod(at, width) for at in range(height * width)]
    cells = [
        ("cell", [chart.name(row, column) for row, column in places]),
        (rows.name, [rows.labels[row] for row, _ in places]),
        (columns.name, [columns.labels[column] for _, column in places]),
        (chart.map.metrics[0].label, chart.values.ravel()),
    ]
    return pd.concat([pd.Series(numbers, name=name) for name, numbers in cells], axis=1)


def _metric(quantity: str) -> MetricColumn:
    return MetricColumn(
        name=quantity,
        label=quantity,
        unit="none",
        base=None,
        source=None,
        normalized=False,
        note="",
        quantity=quantity,
    )


def _axes_of(given: Numbers, rows: Along, columns: Along, upright: bool) -> tuple[Axis, Axis]:
    counts = given.values.shape
    own = [
        (name or default, labels or [str(at) for at in range(count)])
        for (name, labels), default, count in zip(
            given.labels or [("", [])] * len(counts), ("row", "column"), counts, strict=False
        )
    ]
    if len(counts) == 2:
        return axes(
            named(rows, "rows", counts[0], own[0]), named(columns, "columns", counts[1], own[1])
        )
    alone = given.quantity or "value"
    if upright:
        return axes(named(rows, "rows", counts[0], own[0]), (alone, [""]))
    name, labels = own[0]
    along = named(columns, "columns", counts[0], ("column" if name == "row" else name, labels))
    row = named(rows, "rows", 1, (alone, [""]))
    return axes(row, along)


def _laid(values: np.ndarray, upright: bool) -> np.ndarray:
    """Return values over rows and columns; one dimension runs down, or along where told to."""
    if values.ndim == 2:
        return values
    return values[:, None] if upright else values[None, :]


def _status(given: Numbers, values: np.ndarray, upright: bool) -> np.ndarray:
    status = np.where(np.isnan(values), UNMEASURED, MEASURED)
    if given.status is not None:
        known = _laid(given.status, upright)
        status[known == IDENTITY] = IDENTITY
        status[(known == UNREACHABLE) & np.isnan(values)] = UNREACHABLE
    return status.astype(np.uint8)


def _names(given: Numbers, rows: Axis, columns: Axis) -> dict[int, str]:
    """Return the array's own names of cells, where rows and columns do not give them."""
    if given.names is None:
        return {}
    flat = [str(name) for name in given.names.ravel()]
    known = [name for name in flat if name]
    if len(set(known)) < len(known):
        return {}
    width = len(columns.parts)
    return {
        at: name
        for at, name in enumerate(flat)
        if name and name != rows.parts[at // width] + columns.parts[at % width]
    }
