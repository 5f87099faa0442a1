"""A map of one number per node: layer x head, layer x position, or the senders of a path."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from patchwidgets.types import Unit
from patchwidgets.views._wire import ArrayRef, Wire

__all__ = ["Heatmap"]

OPTIONAL = ConfigDict(json_schema_serialization_defaults_required=False)
"""For what payloads of version 1 do not have: a page must read it, and need not find it."""


class Axis(Wire):
    """Rows or columns of a map."""

    name: str
    """What runs along it: `layer`, `head`, `position`, `sender`."""
    labels: list[str]
    """What is drawn at each row or column."""
    parts: list[str]
    """Written-name part of each: the node of a cell is `rows.parts[i] + columns.parts[j]`."""


class MetricColumn(Wire):
    """What one metric says on the two unpatched runs, and how its map is scaled."""

    model_config = OPTIONAL

    name: str
    label: str
    unit: Unit | Literal["none"]
    """`none` where the numbers are no effects in a unit: those of somebody's own array."""
    base: float | None
    """Mean over prompts in the run that is patched; the map's 0. Null until it is measured."""
    source: float | None
    """Mean over prompts in the run the patches come from; the map's 1."""
    normalized: bool
    """Whether `value` is the normalized effect; otherwise it is the effect in `unit`."""
    note: str
    """Why the effect is shown instead of the normalized effect; empty where it is not."""
    noise_floor: Annotated[float, Field(ge=0)] | None = None
    """What rounding alone does to the metric on one prompt, in `unit`: smaller effects are not told
    apart from nothing. Null where that was not measured."""
    quantity: str = ""
    """What is coloured, where that is not the effect of a patch, such as `attention`."""


class Progress(Wire):
    """How far the measuring of a map has come."""

    state: Literal["waiting", "running", "done", "cancelled", "failed"]
    done: int
    """Cells that are measured."""
    total: int
    share: float
    """Part of the work that is done, from 0 to 1; cells differ in cost."""
    seconds_left: float | None
    message: str
    """The error, where `state` is `failed`; otherwise empty."""


class Estimates(Wire):
    """What the cells of a map would do by estimate; nothing in it was measured."""

    method: str
    """How it was estimated, in words: `attribution patching`."""
    signed: bool
    """Whether `value` has the sign of the effect; otherwise it is the size of the effect."""
    value: ArrayRef
    """Over metrics, rows, columns, on the scale of `Heatmap.value`; NaN where the method has no
    estimate. Cells that were measured have one too, for comparison."""
    agreement: list[str]
    """For every metric: how much was measured, and how well the estimates agree with it."""


class Draws(Wire):
    """What a map would be under one draw of the corruption, as it is the mean over several.

    Arrays are over metrics, rows, columns, on the scale of `Heatmap.value`.
    """

    count: Annotated[int, Field(ge=2)]
    """How many draws every prompt has."""
    low: ArrayRef
    """The smallest of the draws' means over prompts."""
    high: ArrayRef
    """The largest."""
    sd: ArrayRef
    """Their standard deviation (ddof 1)."""


class Heatmap(Wire):
    """One map. Cell arrays run over metrics, rows, columns; `status` over rows, columns."""

    model_config = OPTIONAL

    key: str
    """Which map this is: a sweep's name, or the receivers of a path map such as `L20H0.v`."""
    title: str
    """The question the map answers."""
    caption: str
    """Direction, form, corruption, number of pairs and seed: enough to redo it."""
    rows: Axis
    columns: Axis
    names: dict[int, str]
    """Written names of cells (row-major index) that do not follow `rows` and `columns`."""
    metrics: list[MetricColumn]
    value: ArrayRef
    """The number that is coloured; 0 = nothing happened, 1 = moved all the way to the source run,
    where the metric is normalized."""
    effect: ArrayRef | None = None
    """Patched minus base, mean over prompts, in the metric's unit, where cells are patches."""
    low: ArrayRef | None = None
    """Lower end of the 95 % bootstrap interval of `value`, where there are intervals."""
    high: ArrayRef | None = None
    """Upper end of the 95 % bootstrap interval of `value`."""
    patched: ArrayRef | None = None
    """The metric itself under the patch, mean over prompts, where cells are patches."""
    status: ArrayRef
    """0 not measured, 1 measured, 2 zero by identity (the source equals the base there), 3 cannot
    reach the receiver, 4 no such node (nothing is drawn)."""
    progress: Progress
    call: str = ""
    """Python that measures it on its study; empty where that is not known."""
    estimate: Estimates | None = None
    """What was estimated before anything was measured, if anything was."""
    draws: Draws | None = None
    """How far the draws of the corruption differ, where there are several."""
    limit: Annotated[float, Field(gt=0)] | None = None
    """The end of the colour scale; by default the largest absolute value."""
