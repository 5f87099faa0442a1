"""What one patch does to every prompt pair by itself."""

from typing import Annotated, Literal

from pydantic import Field

from patchwidgets.views._wire import ArrayRef, Wire
from patchwidgets.views.heatmap import MetricColumn
from patchwidgets.views.token_strip import TokenStrip

__all__ = ["PromptEffects"]


class EffectSummary(Wire):
    """What one metric says of all pairs together, in its own unit; null where nothing is known."""

    mean: float | None
    low: float | None
    """Lower end of the 95 % bootstrap interval of the mean."""
    high: float | None
    """Upper end of it."""
    positive: Annotated[int, Field(ge=0)]
    """Pairs whose effect is above 0."""
    negative: Annotated[int, Field(ge=0)]
    """Pairs whose effect is below 0."""


class PromptEffects(Wire):
    """The effect of one patch on every prompt pair. Arrays run over metrics, pairs."""

    view: Literal["prompt_effects"]
    node: str
    """Written name of what is patched, or of the sender of a path."""
    title: str
    caption: str
    """Direction, form, corruption, number of pairs and seed: enough to redo it."""
    runs: Annotated[list[str], Field(min_length=2, max_length=2)]
    """Names of the base run and of the source run: `corrupted` and `clean` when denoising."""
    metrics: Annotated[list[MetricColumn], Field(min_length=1)]
    """`base` and `source` are the means over pairs."""
    summaries: list[EffectSummary]
    """One for every metric."""
    effect: ArrayRef
    """Patched minus base of every pair, in the metric's unit; NaN where it was not measured."""
    base: ArrayRef
    """The metric in the run that is patched."""
    source: ArrayRef
    """The metric in the run that the patches come from."""
    note: str
    """Why there are no effects, or what is special about them; otherwise empty."""
    strip: TokenStrip
    """The pairs; empty where they stand elsewhere in the payload."""
    code: str
    """Python that gives these numbers."""


class PromptEffectsState(Wire):
    """What the reader has chosen."""

    selection: str
    """Written name of the node; empty means the one that is shown."""
    metric: str
    """Name of the metric that is drawn; empty means the first."""
    prompt: Annotated[int, Field(ge=0)]
    """Which pair is marked."""
    grouped: bool
    """Whether every group of prompts has a row of its own."""
