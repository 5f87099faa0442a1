"""A map of one number per node: layer x head, layer x position, or the senders of a path."""

from typing import Annotated, Literal

from pydantic import Field

from patchwidgets.views._wire import ArrayRef, Wire

__all__ = ["Heatmap"]

Rows = Annotated[int, Field(ge=0)]


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

    name: str
    label: str
    unit: Literal["logit", "nat", "probability"]
    base: float | None
    """Mean over prompts in the run that is patched; the map's 0. Null until it is measured."""
    source: float | None
    """Mean over prompts in the run the patches come from; the map's 1."""
    normalized: bool
    """Whether `value` is the normalized effect; otherwise it is the effect in `unit`."""
    note: str
    """Why the effect is shown instead of the normalized effect; empty where it is not."""


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


class Heatmap(Wire):
    """One map. Cell arrays run over metrics, rows, columns; `status` over rows, columns."""

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
    effect: ArrayRef
    """Patched minus base, mean over prompts, in the metric's unit."""
    low: ArrayRef
    """Lower end of the 95 % bootstrap interval of `value`."""
    high: ArrayRef
    """Upper end of the 95 % bootstrap interval of `value`."""
    patched: ArrayRef
    """The metric itself under the patch, mean over prompts."""
    status: ArrayRef
    """0 not measured, 1 measured, 2 zero by identity (the source equals the base there), 3 cannot
    reach the receiver, 4 no such node (nothing is drawn)."""
    progress: Progress
