"""Which nodes stand out from the rest of a map, by the paper's rule."""

from dataclasses import dataclass

import numpy as np

from patchwidgets.types import Unit


@dataclass(frozen=True)
class Detection:
    """The nodes whose effect is far from the mean effect over a map.

    Numbers are mean effects towards the source run, in the metric's unit: positive when a patch
    moves the metric the way the whole source run does.

    Args:
        positive: Nodes at or above the upper threshold, strongest first.
        negative: Nodes at or below the lower threshold, strongest first.
        mean: Over all measured cells of the map.
        sd: Standard deviation over the same cells, ddof 0.
        threshold_low: `mean` minus so many `sd`.
        threshold_high: `mean` plus so many `sd`.
        unit: The metric's unit.
        n_cells: Number of measured cells; a cell that is zero by identity counts as 0.
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    mean: float
    sd: float
    threshold_low: float
    threshold_high: float
    unit: Unit
    n_cells: int


def detect_nodes(
    names: list[str], towards_source: np.ndarray, sd: float | int, unit: Unit
) -> Detection:
    """Return the nodes at least `sd` standard deviations from the mean, each sign by itself.

    The rule is relative to the spread of this map: of normally distributed noise it flags 4.6 %
    of the cells at 2 SD, and a few very large effects hide smaller ones.

    Source: Zhang & Nanda 2024, section 3: effects 2 SD away from the mean effect over all heads.
    Differs from the paper: it does not say which SD it uses; this is the one over all cells
    (ddof 0).

    Args:
        names: Written name of each cell.
        towards_source: Mean effect of each cell, positive towards the source run; NaN cells are
            left out.
        sd: How many standard deviations away is far.
        unit: Of `towards_source`.
    """
    measured = towards_source[~np.isnan(towards_source)]
    if measured.size == 0:
        return Detection((), (), np.nan, np.nan, np.nan, np.nan, unit, 0)
    mean, spread = float(measured.mean()), float(measured.std(ddof=0))
    low, high = mean - sd * spread, mean + sd * spread
    order = [int(cell) for cell in np.argsort(towards_source, kind="stable")]
    strays = [] if spread == 0 else order
    return Detection(
        positive=tuple(names[cell] for cell in reversed(strays) if towards_source[cell] >= high),
        negative=tuple(names[cell] for cell in strays if towards_source[cell] <= low),
        mean=mean,
        sd=spread,
        threshold_low=low,
        threshold_high=high,
        unit=unit,
        n_cells=measured.size,
    )
