"""Numbers as charts write them."""

import numpy as np
import xarray as xr

from patchwidgets.results.measured import MetricInfo
from patchwidgets.views._words import UNITS, signed


def correlated(correlation: float) -> str:
    """Return a rank correlation as a title begins with it; NaN is said to be none."""
    if np.isnan(correlation):
        return "No rank correlation"
    # Adding 0 turns what rounds to -0 into 0.
    return f"Rank correlation {round(correlation, 2) + 0.0:.2f}".replace("-", "−")


def with_interval(value: float, low: float, high: float, unit: str = "") -> str:
    """Return a number with its interval, where it has one."""
    written = f"{signed(value)} {unit}".rstrip()
    return written if np.isnan(low) else f"{written} ({signed(low)} to {signed(high)})"


def unit_of(metric: MetricInfo, normalized: bool) -> str:
    """Return what an axis says of its numbers."""
    return "normalized effect" if normalized else f"effect, {UNITS[metric.unit]}"


def by_node(labelled: xr.DataArray) -> tuple[list[str], np.ndarray]:
    """Return the node of every cell of a map, and its numbers with the map's axes as one.

    Cells without a node (a sender that cannot reach the receiver) are left out.
    """
    nodes = labelled["node"].to_numpy()
    numbers = labelled.to_numpy().reshape(nodes.size, *labelled.shape[nodes.ndim :])
    named = nodes.ravel() != ""
    return nodes.ravel()[named].tolist(), numbers[named]
