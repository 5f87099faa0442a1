"""What the strongest nodes do on each prompt pair: the spread behind a mean."""

import numpy as np

from patchwidgets.charts._drawing import Dots, Drawing, Group, Line, Marker
from patchwidgets.charts._words import with_interval
from patchwidgets.errors import MeasurementError, PlanError
from patchwidgets.results import stats
from patchwidgets.results.findings import towards_source
from patchwidgets.results.result import Result
from patchwidgets.types import Unit
from patchwidgets.views._words import UNITS, signed

__all__ = ["prompts"]

LOOKS: tuple[tuple[Marker, str], ...] = (
    ("circle", "#0072b2"),
    ("square", "#d55e00"),
    ("triangle", "#009e73"),
    ("diamond", "#c0639a"),
    ("inverted_triangle", "#7f8792"),
)
"""Colours after Okabe and Ito; more groups than there are looks for are drawn as one."""

REACH, HALF = 0.3, 0.38


def prompts(
    result: Result, metric: str | None = None, *, top: object = 12, map: str | None = None
) -> Drawing:
    """Return the effect of the strongest nodes on every prompt pair; waits for the job.

    Effects are in the metric's unit, positive towards the source run; 0 = the patch did nothing on
    that prompt pair. Nodes are in the order of the size of their mean effect, and within a node
    the prompt pairs lie from left to right in their own order. A stroke is the mean over prompts.
    Where the prompt pairs come from several templates, their dots differ. A prompt pair that lacks
    a bucket of positions has no dot there.

    Args:
        result: Any sweep.
        metric: Name of a metric; the first by default.
        top: How many nodes.
        map: Name of a map; the first by default.

    Raises:
        UnknownNameError: No such metric or map.
        PlanError: `top` is not a number of nodes.
        MeasurementError: Nothing was measured.
    """
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise PlanError(
            f"`top` is {top!r}, but it is how many nodes the chart shows, the strongest first: a "
            "whole number from 1 on, such as `result.chart('prompts', top=12)`."
        )
    cells = result.cells(metric, map)
    cells = cells.choose(~cells.identity)
    if not cells.names:
        raise MeasurementError(
            f"No cell of this {result.plan.name} sweep was measured on every prompt, so there is "
            "nothing to draw. Let the sweep finish."
        )
    means = cells.effect.mean(axis=1)
    order = np.argsort(-np.abs(means), kind="stable")[:top]
    means, names = means[order], tuple(cells.names[cell] for cell in order)
    m = 0 if metric is None else [one.name for one in result.metrics].index(metric)
    effects = _measured(result, m, names, cells.unit)
    groups, group = _groups(result.groups)
    n_prompts = effects.shape[1]
    beside = np.linspace(-REACH, REACH, n_prompts) if n_prompts > 1 else np.zeros(1)
    unit = UNITS[cells.unit]
    places = np.arange(len(names), dtype=float)
    bounds = stats.bootstrap_interval(cells.effect[order])
    node, pair = np.isfinite(effects).nonzero()
    return Drawing(
        title=_title(len(names), len(cells.names), n_prompts),
        note=_note(names, means, effects, bounds[0], unit),
        x_label="node, the largest mean first",
        y_label=f"{result.metrics[m].label} (effect, {unit})",
        groups=groups,
        dots=Dots(
            node=tuple(names[at] for at in node),
            x=places[node] + beside[pair],
            y=effects[node, pair],
            group=group[pair],
            says=tuple(
                f"prompt pair {one + 1}: {signed(float(effects[at, one]))} {unit}"
                for at, one in zip(node, pair, strict=True)
            ),
        ),
        lines=tuple(
            Line(np.array([place - HALF, place + HALF]), np.full(2, mean))
            for place, mean in zip(places, means, strict=True)
        ),
        x_names=names,
    )


def _measured(result: Result, m: int, names: tuple[str, ...], unit: Unit) -> np.ndarray:
    """Return effects by node and prompt; NaN where a prompt lacks the node's bucket."""
    snapshot = result.snapshot()
    patches = [result.plan.names.index(name) for name in names]
    return towards_source(snapshot, m, unit) * snapshot.effect(m)[patches]


def _groups(of_prompts: tuple[str, ...]) -> tuple[tuple[Group, ...], np.ndarray]:
    """Return how the prompts' groups look, and which each prompt has."""
    labels = list(dict.fromkeys(of_prompts))
    if len(labels) == 1 or len(labels) > len(LOOKS):
        marker, color = LOOKS[0]
        return (Group("one prompt pair each", marker, color),), np.zeros(len(of_prompts), dtype=int)
    looks = zip(labels, LOOKS[: len(labels)], strict=True)
    groups = tuple(Group(label or "no group", *look) for label, look in looks)
    return groups, np.array([labels.index(label) for label in of_prompts])


def _title(shown: int, measured: int, n_prompts: int) -> str:
    if measured > shown:
        nodes = f"{shown} of {measured} nodes"
    else:
        nodes = "1 node" if shown == 1 else f"{shown} nodes"
    return f"{nodes} on {n_prompts} prompt pairs" if n_prompts > 1 else f"{nodes} on 1 prompt pair"


def _note(
    names: tuple[str, ...], means: np.ndarray, effects: np.ndarray, bound: np.ndarray, unit: str
) -> str:
    against = (np.sign(effects) == -np.sign(means)[:, None]).sum(axis=1)
    low, high = bound.tolist()
    found = f"{names[0]}: {with_interval(float(means[0]), low, high, unit)} on average."
    worst = int(against.argmax())
    if not against[worst]:
        return f"{found} Every node shown has one sign on all prompt pairs."
    pairs = "1 prompt pair" if against[worst] == 1 else f"{against[worst]} prompt pairs"
    return f"{found} {names[worst]} has the opposite sign on {pairs} of {effects.shape[1]}."
