"""A map with its arrays decoded, for the pictures and texts that Python makes of it."""

from dataclasses import dataclass

import numpy as np

from patchwidgets.views._wire import ArrayRef, read_array
from patchwidgets.views.heatmap import Heatmap

UNMEASURED, MEASURED, IDENTITY, UNREACHABLE, ABSENT = range(5)
"""What `Heatmap.status` says of a cell."""


@dataclass(frozen=True)
class Chart:
    """One metric of one map.

    Args:
        map: What the numbers belong to.
        values: What is coloured, over rows and columns; NaN where nothing was measured.
        effect: Patched minus base, over rows and columns, in the metric's unit; NaN throughout
            where cells are no patches.
        status: As `Heatmap.status`.
        estimates: On the scale of `values`, where nothing was measured and something estimated;
            NaN elsewhere.
        noise: Whether a cell was measured and lies below what rounding alone does.
        metric: Which metric of the map it is.
    """

    map: Heatmap
    values: np.ndarray
    effect: np.ndarray
    status: np.ndarray
    estimates: np.ndarray
    noise: np.ndarray
    metric: int = 0

    @property
    def limit(self) -> float:
        """The end of the colour scale: the largest absolute value or estimate, or 1 without any."""
        if self.map.limit is not None:
            return self.map.limit
        drawn = np.concatenate([self.values, self.estimates])
        finite = np.abs(drawn[np.isfinite(drawn)])
        return float(finite.max(initial=0.0)) or 1.0

    def name(self, row: int, column: int) -> str:
        """Return the written name of a cell's node."""
        index = row * len(self.map.columns.parts) + column
        written = self.map.rows.parts[row] + self.map.columns.parts[column]
        return self.map.names.get(index, written)


def read_chart(heatmap: Heatmap, block: bytes, metric: int = 0) -> Chart:
    """Return one metric of a map."""
    status = read_array(heatmap.status, block)
    values, effect = (
        _known(heatmap.value, block, metric, status),
        _known(heatmap.effect, block, metric, status),
    )
    estimates = np.full(values.shape, np.nan)
    if heatmap.estimate is not None:
        estimated = read_array(heatmap.estimate.value, block)[metric]
        estimates = np.where(status == UNMEASURED, estimated, np.nan)
    floor = heatmap.metrics[metric].noise_floor or 0.0
    noise = (status == MEASURED) & (np.abs(effect) < floor)
    return Chart(heatmap, values, effect, status, estimates, noise, metric)


def _known(array: ArrayRef | None, block: bytes, metric: int, status: np.ndarray) -> np.ndarray:
    """Return what is known of each cell: 0 by identity, NaN where nothing was measured."""
    if array is None:
        return np.full(status.shape, np.nan)
    measured = np.where(status == MEASURED, read_array(array, block)[metric], np.nan)
    return np.where(status == IDENTITY, 0.0, measured)
