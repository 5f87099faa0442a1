"""A result as the heatmap that is drawn: never waits, so that it can be shown while measured."""

import threading
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from patchwidgets.results import stats
from patchwidgets.results.measured import NOT_MEASURED, UNREACHABLE, Snapshot, not_normalizable
from patchwidgets.results.result import Result
from patchwidgets.views._estimates import estimates
from patchwidgets.views._grid import NO_NODE, Grid, Line, lay_out
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.heatmap import Axis, Draws, Heatmap, MetricColumn, Progress

_NO_SUCH_NODE = 4


def heatmap(
    result: Result, *, key: str, title: str, caption: str, block: ArrayBlock, map: str | None = None
) -> Heatmap:
    """Return the result as it is now, as a map to draw. Cheap enough to call after every chunk.

    Intervals are the ones of `Result.interval()`; a measured cell does not change, so each is
    computed once.

    Args:
        result: What is being measured, or was.
        key: Which map this is among those shown together.
        title: The question the map answers.
        caption: What a reader needs to redo it.
        block: Takes the arrays.
        map: Draw only this map of the plan; by default the first with all that fit beside it.
    """
    progress = result.progress
    snapshot = result.snapshot()
    grid = lay_out(result.plan, map)
    columns, value, interval = [], [], []
    for m in range(len(result.metrics)):
        column = metric_column(result, snapshot, m)
        columns.append(column)
        effect = snapshot.mean_effect(m)
        value.append(snapshot.normalized(m) if column.normalized else effect)
        interval.append(_intervals.update(result, snapshot, m, column.normalized))
    effects = [snapshot.mean_effect(m) for m in range(len(columns))]
    patched = [snapshot.patched(m) for m in range(len(columns))]
    low, high = np.moveaxis(np.stack(interval), -1, 0)
    return Heatmap(
        key=key,
        title=title,
        caption=caption,
        rows=_axis(grid.row_axis, grid.rows),
        columns=_axis(grid.column_axis, grid.columns),
        names=grid.names,
        metrics=columns,
        value=block.add(grid.stack(value)),
        effect=block.add(grid.stack(effects)),
        low=block.add(grid.stack(low)),
        high=block.add(grid.stack(high)),
        patched=block.add(grid.stack(patched)),
        status=block.add(status_on(grid, snapshot)),
        progress=Progress(**progress._asdict()),
        estimate=estimates(result, snapshot, grid, columns, block),
        draws=_draws(result, snapshot, grid, columns, block),
    )


def status_on(grid: Grid, snapshot: Snapshot) -> np.ndarray:
    """Return `Heatmap.status` of a snapshot: row by column."""
    status = grid.place(snapshot.status, UNREACHABLE)
    status[grid.cells == NO_NODE] = _NO_SUCH_NODE
    return status


def strongest(result: Result, n: int = 3, metric: int = 0) -> list[str]:
    """Return the names of the `n` nodes with the largest effect so far, without waiting."""
    sizes = np.abs(result.snapshot().mean_effect(metric))
    order = np.argsort(-sizes, kind="stable")[:n]
    return [result.plan.names[patch] for patch in order if sizes[patch] > 0]


def _draws(
    result: Result,
    snapshot: Snapshot,
    grid: Grid,
    columns: Sequence[MetricColumn],
    block: ArrayBlock,
) -> Draws | None:
    """Return how far draws differ; what is normalized is divided by the gap over all of them."""
    if result.draws == 1:
        return None
    numbers: dict[str, list[np.ndarray]] = {"low": [], "high": [], "sd": []}
    for m, column in enumerate(columns):
        gap = snapshot.mean_gap(m) if column.normalized else np.ones(len(snapshot.status))
        found = snapshot.over_draws(m)
        low, high = found["low"] / gap, found["high"] / gap
        numbers["low"].append(np.minimum(low, high))
        numbers["high"].append(np.maximum(low, high))
        numbers["sd"].append(found["sd"] / np.abs(gap))
    arrays = {name: block.add(grid.stack(per_metric)) for name, per_metric in numbers.items()}
    return Draws(count=result.draws, **arrays)


class _Intervals:
    """The intervals of all results that are drawn, each cell computed when it is complete."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Result, dict[int, np.ndarray]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def update(self, result: Result, snapshot: Snapshot, m: int, normalized: bool) -> np.ndarray:
        """Return patch by (low, high) of what is drawn; NaN where there is no finite interval."""
        with self._lock:
            by_metric = self._known.setdefault(result, {})
            known = by_metric.setdefault(m, np.full((len(snapshot.status), 2), np.nan))
            # Somebody with a newer snapshot may know more, or the values were forgotten since.
            known[snapshot.status == NOT_MEASURED] = np.nan
            new = (snapshot.status != NOT_MEASURED) & np.isnan(known).any(axis=1)
            if new.any() and np.isfinite(snapshot.gap(m)).all():
                gap = snapshot.gap(m) if normalized else None
                known[new] = stats.bootstrap_interval(snapshot.effect(m)[new], gap)
            return known.copy()


_intervals = _Intervals()


def metric_column(result: Result, snapshot: Snapshot, m: int) -> MetricColumn:
    """Return what metric `m` says on the two unpatched runs, and how it is scaled."""
    info, base, source = result.metrics[m], snapshot.base[m], snapshot.source[m]
    note = not_normalizable(info, base, source)
    return MetricColumn(
        name=info.name,
        label=info.label,
        unit=info.unit,
        base=_mean(base),
        source=_mean(source),
        normalized=note is None,
        note=note or "",
        noise_floor=_noise_floor(result, info.name),
    )


def _noise_floor(result: Result, metric: str) -> float | None:
    floor = result.provenance.get("noise_floor", {}).get(metric)
    return floor if floor is not None and np.isfinite(floor) else None


def _mean(per_prompt: np.ndarray) -> float | None:
    mean = float(per_prompt.mean())
    return mean if np.isfinite(mean) else None


def _axis(name: str, lines: tuple[Line, ...]) -> Axis:
    return Axis(
        name=name, labels=[line.label for line in lines], parts=[line.part for line in lines]
    )
