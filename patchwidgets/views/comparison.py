"""One sweep by several methods: their maps side by side, who detects what, and who disagrees."""

from typing import Annotated, Literal

from pydantic import Field

from patchwidgets.views._wire import ArrayRef, Wire
from patchwidgets.views.advice import Advices
from patchwidgets.views.fact import Fact
from patchwidgets.views.heatmap import Heatmap, Progress

__all__ = ["Comparison"]


class MethodLabel(Wire):
    """One way to measure the map, and where its numbers lie."""

    label: str
    """What tells it from the other methods, such as `gaussian noise at S2 · probability`."""
    map: Annotated[int, Field(ge=0)]
    """Index into `Comparison.maps`."""
    metric: Annotated[int, Field(ge=0)]
    """Index into the metrics of that map."""


class Disagreement(Wire):
    """A node on which methods disagree; the numbers count methods."""

    node: str
    positive: int
    negative: int
    undetected: int
    opposite: bool
    """Whether some methods say positive and others negative."""


class Findings(Wire):
    """What one rule detects by every method. Empty where `message` says why there is nothing."""

    rule: Literal["sd", "mad", "max_t", "bh"]
    label: str
    """The rule in words."""
    nodes: list[str]
    """Nodes that any method detects, the most agreed on first."""
    signs: ArrayRef
    """Over methods, nodes: 0 not detected, 1 positive, 2 negative, 3 not in this method's map."""
    overlap: ArrayRef
    """Over methods, methods: shared detections with one sign, divided by those of either, from 0
    to 1; NaN where neither detects anything."""
    flips: list[Disagreement]
    """Those with opposite signs first."""
    message: str


class Comparison(Wire):
    """Everything needed to look at a comparison without a kernel."""

    view: Literal["comparison"]
    title: str
    facts: list[Fact]
    """What is the same for all methods."""
    maps: Annotated[list[Heatmap], Field(min_length=1)]
    """One for every corruption, direction and window; all of the same metrics. The title is what
    tells it from the others; empty where there is only one."""
    methods: Annotated[list[MethodLabel], Field(min_length=2)]
    findings: list[Findings]
    """By every rule, the paper's first. Empty until all maps are measured."""
    correlations: ArrayRef | None
    """Over methods, methods: rank correlation of the effects; NaN where there is none. Null until
    all maps are measured."""
    missing: str
    """Why there are no statistics yet; empty once there are."""
    progress: Progress
    """Of all maps together."""
    advice: Advices
    """Empty until all maps are measured."""
    code: str
    """Python that rebuilds the comparison."""


class ComparisonState(Wire):
    """What the reader has chosen."""

    selection: str
    """Written name of the selected node, or empty."""
    rule: str
    """Name of the rule by which nodes are marked; empty means the first."""
    scale: Literal["metric", "all", "each"]
    """Which maps share a colour scale: those of one metric, all that are normalized, or none."""
