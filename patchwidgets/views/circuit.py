"""A circuit as a small graph, and how much of the behaviour it carries."""

from typing import Annotated, Literal

from pydantic import Field

from patchwidgets.types import Unit
from patchwidgets.views._wire import Wire
from patchwidgets.views.advice import Advices
from patchwidgets.views.fact import Fact
from patchwidgets.views.heatmap import Progress

__all__ = ["Circuit"]


class CircuitNode(Wire):
    """One node of the graph."""

    name: str
    """As it is written, such as `L9H6@END`."""
    kind: Literal["head", "mlp", "embed", "logits"]
    layer: int | None
    """Null for the embeddings, which are drawn lowest, and for the logits, which are highest."""
    label: str
    """What is drawn on it."""
    effect: float | None
    """What it does by itself, as `Circuit.effects` says; null where that was not measured."""


class CircuitEdge(Wire):
    """A path that was pinned, or one leg of it."""

    path: str
    """The whole path, as it is written."""
    sender: str
    """Name of a node."""
    receiver: str
    """Name of a node."""
    input: Literal["", "q", "k", "v"]
    """Which input of the receiver it enters; empty where it has only one."""
    effect: float | None
    """Of the whole path; null where it was not measured."""


class CircuitShare(Wire):
    """How much of the behaviour a run keeps; nulls where it was not measured or has no ratio."""

    value: float | None
    """0 = as with everything overwritten, 1 = as the model."""
    low: float | None
    """Lower end of the 95 % bootstrap interval."""
    high: float | None
    effect: float | None
    """The run minus that with everything overwritten, mean over prompts, in the metric's unit."""


class CircuitPoint(CircuitShare):
    """One circuit of a curve."""

    size: Annotated[int, Field(ge=0)]
    """How many nodes it has."""
    added: str
    """The node by which it differs from the circuit that has one less; empty for no nodes."""


class CircuitMetric(Wire):
    """What one metric says."""

    name: str
    label: str
    unit: Unit
    kept: CircuitShare
    """The circuit alone: its faithfulness."""
    left: CircuitShare
    """What is left without it."""
    random: list[float]
    """How much random circuits of its size keep. Empty until all of them are measured."""
    curve: list[CircuitPoint]
    """Nodes added one after another; the last one is the whole universe, or all that is known of
    an order."""
    cpr: float | None
    """Area under the curve, over the share of the universe that is kept; null where the curve is
    not complete."""
    cmd: float | None
    """Area between the curve and 1."""
    words: list[str]
    """The same in sentences."""


class Circuit(Wire):
    """Everything needed to look at a circuit without a kernel."""

    view: Literal["circuit"]
    title: str
    facts: list[Fact]
    nodes: list[CircuitNode]
    """Those of the circuit, and the embeddings and the logits where a path starts or ends."""
    edges: list[CircuitEdge]
    effects: str
    """What the effects of nodes and edges are: `normalized effect`, or `effect in logits`; empty
    where there are none."""
    size: Annotated[int, Field(ge=0)]
    """How many nodes the circuit has."""
    universe: Annotated[int, Field(ge=0)]
    """How many nodes it was chosen from; 0 where nothing was measured."""
    metrics: list[CircuitMetric]
    """What was measured; empty where nothing was asked for yet."""
    choices: list[Fact]
    """The six choices by which such measurements differ."""
    remarks: list[str]
    """What to know of these numbers."""
    progress: Progress | None
    """Null where nothing was asked for yet."""
    advice: Advices
    code: str
    """Python that measures it."""


class CircuitState(Wire):
    """What the reader has chosen."""

    selection: str
    """Written name of the selected node, or empty."""
    metric: str
    """Name of the metric that is shown; empty means the first."""
