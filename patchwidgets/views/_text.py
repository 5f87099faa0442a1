"""An explorer as a few lines of plain text."""

import numpy as np

from patchwidgets.views._chart import Chart, read_chart
from patchwidgets.views._words import UNITS, number
from patchwidgets.views.advice import Advice, Advices
from patchwidgets.views.explorer import Explorer
from patchwidgets.views.heatmap import Heatmap, MetricColumn


def summary(header: Explorer, block: bytes, *, key: str | None = None, strongest: int = 5) -> str:
    """Return title, settings, and the strongest cells of one map by its first metric.

    Args:
        header: What is shown.
        block: Its arrays.
        key: Which map; the first where it is left out.
        strongest: How many cells of each sign.
    """
    heatmap = next((one for one in header.maps if one.key == key), header.maps[0])
    chart = read_chart(heatmap, block)
    metric = heatmap.metrics[0]
    facts = " · ".join(f"{fact.label} {fact.value}" for fact in header.facts)
    lines = [header.title, facts, f"{heatmap.title} ({heatmap.key})", _state(heatmap)]
    lines += _table(chart, metric, strongest)
    lines += [_below_noise(chart, metric), *_estimated(chart, strongest), spoken(header.advice)]
    return "\n".join(line for line in lines if line)


def lines_of(heatmap: Heatmap, block: bytes, *, strongest: int = 5) -> list[str]:
    """Return title, size and strongest cells of a map that stands alone."""
    chart = read_chart(heatmap, block)
    height, width = chart.values.shape
    unknown = int(np.isnan(chart.values).sum())
    size = f"{height:,} x {width:,} cells, {heatmap.rows.name} by {heatmap.columns.name}"
    missing = f"not measured: {unknown:,} cells" if unknown else ""
    lines = [heatmap.title, heatmap.caption, size, *_table(chart, heatmap.metrics[0], strongest)]
    return [line for line in [*lines, missing] if line]


def _state(heatmap: Heatmap) -> str:
    progress = heatmap.progress
    if progress.state == "done":
        return ""
    reason = f": {progress.message}" if progress.message else ""
    return f"{progress.state} at {progress.done} of {progress.total}{reason}"


def _table(chart: Chart, metric: MetricColumn, strongest: int) -> list[str]:
    columns = [_strongest(chart, sign, strongest) for sign in (1, -1)]
    if not any(columns):
        return []
    what = "normalized effect" if metric.normalized else f"effect in {UNITS[metric.unit]}"
    named = metric.quantity or f"{metric.label}, {what}"
    rows = [f"{named}: strongest"]
    blank = ("", "")
    for index in range(max(map(len, columns))):
        cells = [column[index] if index < len(column) else blank for column in columns]
        rows.append("  ".join(f"  {name:<18}{value:>9}" for name, value in cells).rstrip())
    return rows


def _strongest(chart: Chart, sign: int, count: int) -> list[tuple[str, str]]:
    told_apart = np.where(chart.noise, 0.0, chart.values)
    places = _largest(sign * told_apart, count)
    return [(chart.name(*place), f"{chart.values[place]:+.3f}") for place in places]


def _largest(values: np.ndarray, count: int) -> list[tuple[int, int]]:
    sizes = np.nan_to_num(values, nan=0.0).ravel()
    order = [index for index in np.argsort(-sizes, kind="stable")[:count] if sizes[index] > 0]
    return [divmod(int(index), values.shape[1]) for index in order]


def _below_noise(chart: Chart, metric: MetricColumn) -> str:
    count = int(chart.noise.sum())
    if not count or metric.noise_floor is None:
        return ""
    cells = "cell" if count == 1 else "cells"
    floor = f"{number(metric.noise_floor)} {UNITS[metric.unit]}"
    return f"below the noise floor of {floor}, where rounding alone does as much: {count:,} {cells}"


def _estimated(chart: Chart, count: int) -> list[str]:
    estimate = chart.map.estimate
    if estimate is None:
        return []
    write = "{:+.3f}" if estimate.signed else "{:.3f}"
    named = [
        f"{chart.name(*place)} {write.format(chart.estimates[place])}"
        for place in _largest(np.abs(chart.estimates), count)
    ]
    what = "estimated" if estimate.signed else "estimated size"
    left = f"{what} by {estimate.method}, not measured: {', '.join(named)}" if named else ""
    return [estimate.agreement[0], left]


def spoken(advice: Advices) -> str:
    """Return what rules spoke, the most severe first; sentences alone are of no rule."""
    rules = {one.name: one.severity for one in advice if isinstance(one, Advice)}
    named = ", ".join(f"{name} ({severity})" for name, severity in rules.items())
    return f"advice: {named}" if named else ""
