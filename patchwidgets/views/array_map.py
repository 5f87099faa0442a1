"""Anybody's array as one map, with nothing around it but its scale and its words."""

from typing import Annotated, Literal

from pydantic import Field

from patchwidgets.views._wire import Wire
from patchwidgets.views.heatmap import Heatmap

__all__ = ["ArrayMap"]


class ArrayMap(Wire):
    """One map of numbers that may come from anywhere."""

    view: Literal["heatmap"] = "heatmap"
    """Which view draws this."""
    title: str
    maps: Annotated[list[Heatmap], Field(min_length=1, max_length=1)]
    """The map. A list, because whatever is shown has a list of maps."""


class ArrayMapState(Wire):
    """What the reader has chosen."""

    selection: str
    """Name of the selected cell, such as `L9H6`, or empty."""
