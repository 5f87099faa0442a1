"""Layers patched together against the sum of the same layers patched alone."""

import numpy as np

from patchwidgets.charts._drawing import Dots, Drawing, Group, Line
from patchwidgets.charts._words import by_node, unit_of, with_interval
from patchwidgets.errors import MeasurementError, PlanError
from patchwidgets.registry import unknown_name
from patchwidgets.results.result import Result
from patchwidgets.views._words import signed

__all__ = ["windows"]

GROUPS = (
    Group("sum of the layers alone", "square", "#d55e00"),
    Group("patched together", "circle", "#0072b2"),
)


def windows(
    result: Result, metric: str | None = None, *, at: object = None, normalized: bool = True
) -> Drawing:
    """Return the mean effect of each window, and of its layers alone summed; waits for the job.

    A window is drawn at the layer in its middle. Where patching together does more than the sum,
    the layers work together; where it does less, they stand in for one another. What is said of a
    window has a percentile bootstrap interval over prompts (none for one prompt pair).

    Source: Zhang & Nanda 2024, arXiv 2309.16042, section 5 and figure 5.

    Args:
        result: Of a sweep with `window` above 1.
        metric: Name of a metric; the first by default.
        at: Which column of a map with a second axis: a position, or the name of a role.
        normalized: In shares of the gap between the two runs: 0 = nothing happened, 1 = moved
            all the way to the source run. Otherwise patched minus base in the metric's unit.

    Raises:
        PlanError: The sweep had no windows, or `at` is needed.
        UnknownNameError: No such metric or column.
        MeasurementError: `normalized`, and the two runs nearly coincide; or nothing was measured.
    """
    if "window" not in [plan_map.name for plan_map in result.plan.maps]:
        raise PlanError(
            f"This {result.plan.name} sweep has no windows, so there is nothing to compare with "
            f"single layers. Measure some with `study.sweep('mlp', window=5)`."
        )
    together, alone = result.effect(metric, "window"), result.summed(metric, "window")
    of = "normalized" if normalized else "effect"
    intervals = result.interval(metric, "window", of=of)
    names = [info.name for info in result.metrics]
    m = 0 if metric is None else names.index(metric)
    scale = result.snapshot().gap(m).mean() if normalized else 1.0
    column = _column(result, at)
    nodes, effects = by_node(together.sel(column).mean("prompt", skipna=False) / scale)
    sums = by_node(alone.sel(column).mean("prompt", skipna=False) / scale)[1]
    bounds = by_node(intervals.sel(column))[1]
    layers = np.array([float(layer) for layer in together.sel(column)["layer"].to_numpy()])
    known = np.isfinite(effects) & np.isfinite(sums)
    if not known.any():
        raise MeasurementError(
            "No window was measured on every prompt together with all of its layers, so there is "
            "nothing to draw. Let the sweep finish."
        )
    said = [
        f"together: {with_interval(effect, *bound)}\nsum of the layers alone: {signed(total)}"
        for effect, bound, total in zip(effects, bounds, sums, strict=True)
    ]
    width = max(len(patch.nodes) for patch in result.plan.patches)
    (shown,) = known.nonzero()
    both = np.concatenate([shown, shown])
    what = f"{result.metrics[m].label} ({unit_of(result.metrics[m], normalized)})"
    return Drawing(
        title=f"Windows of {width} layers against the sum of the layers alone",
        note=_note(nodes, effects, sums, shown, len(nodes)),
        x_label="layer in the middle",
        y_label=what,
        groups=GROUPS,
        dots=Dots(
            node=tuple(nodes[cell] for cell in both),
            x=layers[both],
            y=np.concatenate([sums[shown], effects[shown]]),
            group=np.repeat([0, 1], len(shown)),
            says=tuple(said[cell] for cell in both),
        ),
        lines=(
            Line(layers, np.where(known, sums, np.nan), GROUPS[0].color, dashed=True),
            Line(layers, np.where(known, effects, np.nan), GROUPS[1].color),
        ),
    )


def _column(result: Result, at: object) -> dict[str, object]:
    """Return what picks one column of the windows' map; nothing where it has one axis."""
    (plan_map,) = (one for one in result.plan.maps if one.name == "window")
    if len(plan_map.axes) == 1:
        return {}
    second = plan_map.axes[1]
    known = list(map(str, second.labels))
    if at is None:
        raise PlanError(
            f"The windows of this {result.plan.name} sweep lie by layer and {second.name}, and a "
            f"chart shows one {second.name}. Name it, as in `result.chart('windows', "
            f"at={second.labels[0]!r})`; there are: {', '.join(known)}."
        )
    if at not in second.labels:
        raise unknown_name(second.name, at, known)
    return {second.name: at}


def _note(
    nodes: list[str], effects: np.ndarray, sums: np.ndarray, shown: np.ndarray, total: int
) -> str:
    most = shown[np.abs(effects - sums)[shown].argmax()]
    left = f" {total - len(shown)} of {total} windows were not measured." * (total > len(shown))
    return (
        f"The largest difference is at {nodes[most]}: {signed(float(effects[most]))} together, "
        f"{signed(float(sums[most]))} summed.{left}"
    )
