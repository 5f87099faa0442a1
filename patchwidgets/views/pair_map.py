"""A map on one prompt pair instead of the mean over pairs."""

from typing import Annotated

from pydantic import Field

from patchwidgets.views._wire import ArrayRef, Wire
from patchwidgets.views.heatmap import OPTIONAL, Estimates, MetricColumn

__all__ = ["PairMap"]


class PairMap(Wire):
    """What the patches of one map do to one pair. Arrays run over metrics, rows, columns.

    Intervals are of means over pairs, so that there are none.
    """

    model_config = OPTIONAL

    map: str
    """Key of the map, which says its rows and columns."""
    prompt: Annotated[int, Field(ge=0)]
    """Which pair, from 0."""
    caption: str
    """As that of the map, of this pair."""
    metrics: list[MetricColumn]
    """As those of the map; `base` and `source` are of this pair, and so is whether their gap is
    large enough to divide by."""
    effect: ArrayRef
    """Patched minus base on this pair, in the metric's unit; NaN where it was not measured."""
    status: ArrayRef
    """As in the map, on this pair; over rows, columns."""
    estimate: Estimates | None = None
    """What was estimated of this pair, if anything was."""
