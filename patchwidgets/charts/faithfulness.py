"""How much of the behaviour the first nodes of a circuit's order carry, size by size."""

import numpy as np

from patchwidgets.charts._drawing import Dots, Drawing, Group, Line
from patchwidgets.charts._words import with_interval
from patchwidgets.circuits.reading import Reading
from patchwidgets.circuits.result import CircuitResult
from patchwidgets.circuits.shares import Share
from patchwidgets.errors import MeasurementError
from patchwidgets.results.measured import MetricInfo
from patchwidgets.views._words import UNITS, number, signed

__all__ = ["faithfulness"]

GROUPS = (Group("the node added last", "circle", "#0072b2"),)
GREY, HALF = "#7f8792", 0.3


def faithfulness(circuit: CircuitResult, metric: str | None = None) -> Drawing:
    """Return the curve of a circuit's faithfulness; waits for the job that measures it.

    A dot is a node, at the number of nodes that are kept with it: 0 = as with everything
    overwritten, 1 = as the model (the dashed line). Sizes lie side by side and not to scale, as
    the first nodes are what one looks at. Short strokes at the circuit's own size are random
    circuits. What is said of a dot has a percentile bootstrap interval over prompts.

    Source: as `CircuitResult.faithfulness`.

    Args:
        circuit: The circuit.
        metric: Name of a metric; the first by default.

    Raises:
        UnknownNameError: No such metric.
        MeasurementError: No share was measured, or none can be computed.
    """
    reading = circuit.wait().now()
    own, table = reading.faithfulness(metric), reading.curve(metric)
    is_known = np.isfinite(np.asarray(table["share"])) & (np.asarray(table["added"]) != "")
    known, places = table[is_known], np.arange(len(table), dtype=float)
    info = next(one for one in circuit.metrics if metric in (None, one.name))
    if known.empty:
        raise _nothing_to_draw(own, info)
    (own_place,) = np.nonzero(table.index == len(circuit.nodes))
    return Drawing(
        title="Faithfulness by the number of nodes kept",
        note=_note(reading, own, metric),
        x_label=f"nodes kept, of {len(circuit.circuit.universe)} (not to scale)",
        y_label=f"share of the behaviour kept ({info.label})",
        groups=GROUPS,
        dots=Dots(
            node=tuple(known["added"]),
            x=places[is_known],
            y=np.asarray(known["share"]),
            group=np.zeros(len(known), dtype=int),
            says=tuple(_says(row, UNITS[info.unit]) for row in known.reset_index().itertuples()),
        ),
        lines=(
            Line(places[[0, -1]], np.ones(2), dashed=True),
            Line(places, np.asarray(table["share"]), GROUPS[0].color),
            *(
                Line(np.array([place - HALF, place + HALF]), np.full(2, share), GREY)
                for place in own_place
                for share in reading.chance(metric).shares
                if np.isfinite(share)
            ),
        ),
        x_names=tuple(map(str, table.index)),
    )


def _says(row: object, unit: str) -> str:
    size, share, low, high, effect = (
        float(getattr(row, name)) for name in ("size", "share", "low", "high", "effect")
    )
    nodes = "1 node" if size == 1 else f"{size:.0f} nodes"
    return f"{nodes}: {with_interval(share, low, high)}\n{signed(effect)} {unit}"


def _note(reading: Reading, own: Share, metric: str | None) -> str:
    nodes, chance = reading.circuit.nodes, reading.chance(metric)
    of = "1 node" if len(nodes) == 1 else f"{len(nodes)} nodes"
    parts = []
    if np.isfinite(own.value):
        parts.append(f"The circuit of {of} keeps {with_interval(own.value, own.low, own.high)}.")
    if np.isfinite(chance.mean):
        parts.append(
            f"Grey strokes: {len(chance.shares)} random circuits of its size, "
            f"{signed(chance.mean)} on average (p {number(chance.p)})."
        )
    return " ".join(parts)


def _nothing_to_draw(own: Share, info: MetricInfo) -> MeasurementError:
    if own.why_not:
        return MeasurementError(own.why_not)
    return MeasurementError(
        f"No share of `{info.name}` was measured, so there is no curve to draw. Let the circuit "
        "be measured to its end: `study.circuit(nodes).wait()`."
    )
