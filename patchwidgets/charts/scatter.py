"""Any two methods of a comparison against each other, a dot per node."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patchwidgets.charts._drawing import Dots, Drawing, Group
from patchwidgets.charts._methods import chosen_method, label_of, readable
from patchwidgets.charts._words import by_node, correlated, unit_of, with_interval
from patchwidgets.errors import MeasurementError, PlanError
from patchwidgets.results import stats
from patchwidgets.results.estimate import rank_correlation

if TYPE_CHECKING:
    from patchwidgets.results.comparison import Comparison, Method

__all__ = ["scatter"]

NEITHER, X_ONLY, Y_ONLY, BOTH, OPPOSITE = range(5)
GROUPS = (
    Group("neither", "circle", "#7f8792", filled=False),
    Group("x only", "square", "#d55e00"),
    Group("y only", "triangle", "#009e73"),
    Group("both", "circle", "#0072b2"),
    Group("opposite signs", "diamond", "#c0639a"),
)
"""Colours after Okabe and Ito, which are told apart with every kind of colour vision."""

SIGNS = {1: ", detected as positive", 0: "", -1: ", detected as negative"}


@dataclass(frozen=True, eq=False)
class _Axis:
    """One method.

    Args:
        name: As its row in the comparison's tables.
        label: As figures call it.
        unit: Of its effects.
        cells: A row per measured node: `effect`, `low` and `high` of its interval, and the
            `sign` by which it is detected, 0 where it is not.
    """

    name: str
    label: str
    unit: str
    cells: pd.DataFrame


def scatter(
    comparison: "Comparison",
    x: "str | tuple[Any, ...] | Method",
    y: "str | tuple[Any, ...] | Method",
    *,
    map: str | None = None,
    normalized: bool = True,
    rule: str = "sd",
    **options: Any,
) -> Drawing:
    """Return two methods' mean effects against each other; waits for the jobs that measure them.

    A dot is a node that both methods have measured; what only one of them has is counted in the
    note. Shape and colour say who detects it under `rule`. The title has Spearman's rank
    correlation over the nodes shown, and what is said of a dot has percentile bootstrap intervals
    over prompts (none for one prompt pair).

    Args:
        comparison: Which has both.
        x: A method: see `chosen_method`.
        y: Another.
        map: Name of a map.
        normalized: In shares of the gap between the two runs (0 = nothing happened, 1 = moved all
            the way to the source run), with the line on which both say the same. Otherwise in
            each metric's unit, positive towards the source run.
        rule: As in `Result.detect`.
        **options: As in `Result.detect`.

    Raises:
        UnknownNameError: No method is called `x` or `y`.
        PlanError: Several are, or both are the same one.
        MeasurementError: `normalized`, and the two runs nearly coincide by one of them; or no
            node was measured by both.
    """
    chosen = [chosen_method(comparison, axis, which) for axis, which in (("x", x), ("y", y))]
    if chosen[0] == chosen[1]:
        raise PlanError(
            f"`x` and `y` are both `{label_of(comparison, chosen[0])}`, which would be compared "
            "with itself. Name two methods."
        )
    across, upwards = (
        _read(comparison, method, map, normalized, rule, options) for method in chosen
    )
    both = across.cells.add_suffix("_x").join(upwards.cells.add_suffix("_y"), how="inner")
    if both.empty:
        raise _nothing_shared(across, upwards)
    kinds = _kinds(both["sign_x"].to_numpy(), both["sign_y"].to_numpy())
    order = np.argsort(kinds, kind="stable")  # what is detected lies on top
    both, kinds = both.iloc[order], kinds[order]
    places = both["effect_x"].to_numpy(), both["effect_y"].to_numpy()
    return Drawing(
        title=f"{correlated(rank_correlation(*places))} over {len(both)} nodes",
        note=_note(len(both), across, upwards, rule),
        x_label=f"{across.label} ({across.unit})",
        y_label=f"{upwards.label} ({upwards.unit})",
        groups=GROUPS,
        dots=Dots(
            node=tuple(str(node) for node in both.index),
            x=places[0],
            y=places[1],
            group=kinds,
            says=tuple(_says(row, across, upwards) for row in both.itertuples()),
        ),
        legend="detected by",
        diagonal=across.unit == upwards.unit,
    )


def _read(
    comparison: "Comparison",
    method: "Method",
    map: str | None,
    normalized: bool,
    rule: str,
    options: dict[str, Any],
) -> _Axis:
    result = comparison.result(method)
    cells = result.cells(method.metric, map)
    known = pd.DataFrame({"effect": cells.effect.mean(axis=1)}, index=pd.Index(cells.names))
    bounds = stats.bootstrap_interval(cells.effect)
    if normalized:
        nodes, means = by_node(result.normalized(method.metric, map))
        known["effect"] = pd.Series(means, nodes)
        nodes, intervals = by_node(result.interval(method.metric, map))
        bounds = pd.DataFrame(intervals, nodes).loc[known.index].to_numpy()
    known["low"], known["high"] = bounds.T
    detected = result.detect(rule, method.metric, map, **options)
    known["sign"] = 0
    known.loc[list(detected.positive), "sign"] = 1
    known.loc[list(detected.negative), "sign"] = -1
    (info,) = (info for info in result.metrics if info.name == method.metric)
    return _Axis(
        name=label_of(comparison, method),
        label=readable(comparison, method),
        unit=unit_of(info, normalized),
        cells=known,
    )


def _kinds(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    cases = [x * y < 0, x * y > 0, x != 0, y != 0]
    return np.select(cases, [OPPOSITE, BOTH, X_ONLY, Y_ONLY], NEITHER)


def _says(row: Any, x: _Axis, y: _Axis) -> str:
    """Return both effects of a node with their intervals, and who detects it."""
    return (
        f"{x.label}: {with_interval(row.effect_x, row.low_x, row.high_x)}{SIGNS[row.sign_x]}\n"
        f"{y.label}: {with_interval(row.effect_y, row.low_y, row.high_y)}{SIGNS[row.sign_y]}"
    )


def _note(shown: int, x: _Axis, y: _Axis, rule: str) -> str:
    left = [
        f"{len(axis.cells) - shown} by {axis.label} only"
        for axis in (x, y)
        if len(axis.cells) > shown
    ]
    missing = f" Measured but not shown: {', '.join(left)}." if left else ""
    return f"Detected by the rule `{rule}`.{missing}"


def _nothing_shared(x: _Axis, y: _Axis) -> MeasurementError:
    examples = [f"`{axis.cells.index[0]}`" if len(axis.cells) else "nothing" for axis in (x, y)]
    return MeasurementError(
        f"`{x.name}` and `{y.name}` have no measured node in common: the first has "
        f"{len(x.cells)} ({examples[0]} first), the second {len(y.cells)} ({examples[1]} first). A "
        "dot needs both. Choose two methods of one window whose sweeps were not stopped."
    )
