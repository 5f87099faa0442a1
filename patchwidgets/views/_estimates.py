"""What was estimated, for the map on which it is drawn until it is measured."""

from collections.abc import Sequence

import numpy as np

from patchwidgets.results.estimate import Agreement, Estimate, compare
from patchwidgets.results.measured import IDENTITY, MEASURED, NOT_MEASURED, Snapshot
from patchwidgets.results.result import Result
from patchwidgets.views._grid import Grid
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views._words import UNITS, number, signed
from patchwidgets.views.heatmap import Estimates, MetricColumn

METHODS = {
    "attribution": "attribution patching",
    "eap": "edge attribution patching",
    "eap_ig": "edge attribution patching with integrated gradients",
}


def estimates(
    result: Result,
    snapshot: Snapshot,
    grid: Grid,
    columns: Sequence[MetricColumn],
    block: ArrayBlock,
) -> Estimates | None:
    """Return the estimates of a result as they are drawn, or `None` where there are none.

    Args:
        result: What is being measured, or was.
        snapshot: Its numbers.
        grid: Where each patch is drawn.
        columns: How each metric is scaled.
        block: Takes the array.
    """
    estimate = result.estimate
    if estimate is None:
        return None
    values, agreement = [], []
    for m, column in enumerate(columns):
        values.append(_scaled(estimate, snapshot, m, column.normalized))
        found = compare(estimate, result.plan, snapshot, m, result.metrics[m])
        agreement.append(agreement_line(found, snapshot.status, estimate, m))
    return Estimates(
        method=method_of(estimate),
        signed=estimate.signed,
        value=block.add(grid.stack(values)),
        agreement=agreement,
    )


def method_of(estimate: Estimate) -> str:
    """Return how something was estimated, in words."""
    method = METHODS.get(estimate.method, estimate.method)
    return method if estimate.signed else f"{method} with GradDrop"


def agreement_line(found: Agreement, status: np.ndarray, estimate: Estimate, metric: int) -> str:
    """Return how much was measured and how well estimates agree with it, in one sentence.

    Args:
        found: What `Result.agreement` returns.
        status: Of every patch.
        estimate: Of every patch.
        metric: Which metric.
    """
    parts = [_counted(status, np.isfinite(estimate.mean(metric)))]
    if np.isfinite(found.rank_correlation):
        of = "" if estimate.signed else " of sizes"
        same = found.measured == int((status == MEASURED).sum())
        over = "the measured ones" if same else f"{found.measured:,} of the measured ones"
        parts.append(
            f"rank correlation{of} with exact {number(found.rank_correlation)} over {over}"
        )
    if found.measured:
        write, what = (signed, "") if estimate.signed else (number, " size")
        parts.append(
            f"worst miss {found.worst_node} (estimated{what} {write(found.worst_estimate)}, "
            f"measured{what} {write(found.worst_exact)} {UNITS[found.unit]})"
        )
    return "; ".join(parts)


def _scaled(estimate: Estimate, snapshot: Snapshot, m: int, normalized: bool) -> np.ndarray:
    mean = estimate.mean(m)
    if not normalized:
        return mean
    gap = snapshot.gap(m).mean()
    return mean / (gap if estimate.signed else abs(gap))


def _counted(status: np.ndarray, estimated: np.ndarray) -> str:
    left = status == NOT_MEASURED
    only, neither = int((left & estimated).sum()), int((left & ~estimated).sum())
    measured, identity = (int((status == one).sum()) for one in (MEASURED, IDENTITY))
    said = f"{measured:,} of {len(status):,} cells measured"
    said += f", {identity:,} zero by identity" if identity else ""
    if only and neither:
        return f"{said}, {only:,} estimated, {neither:,} neither"
    if only or neither:
        return f"{said}, the rest {'estimated' if only else 'neither measured nor estimated'}"
    return said
