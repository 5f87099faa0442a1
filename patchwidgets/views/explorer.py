"""The head map (or any first map) with the path maps opened from it, in one output cell."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from patchwidgets.types import Direction
from patchwidgets.views._wire import Wire
from patchwidgets.views.advice import Advices
from patchwidgets.views.heatmap import OPTIONAL, Heatmap
from patchwidgets.views.token_strip import TokenStrip

__all__ = ["Explorer"]


class Fact(Wire):
    """One labelled setting, such as `model` and `smollm2-135m`."""

    label: str
    value: str


class Explorer(Wire):
    """Everything needed to look at a result and its drill-downs without a kernel."""

    model_config = OPTIONAL

    view: Literal["explorer"] = "explorer"
    """Which view draws this; payloads before version 3 do not say."""
    title: str
    facts: list[Fact]
    direction: Direction
    """Which run is the base (0): the corrupted one for `denoising`, the clean for `noising`."""
    strip: TokenStrip
    maps: Annotated[list[Heatmap], Field(min_length=1)]
    """The first map, then every path map opened from it, in the order they were asked for."""
    heads_per_kv_head: Annotated[int, Field(ge=1)]
    """Query heads that share one key/value head: the key and value input of query head `h` is
    that of key/value head `h // heads_per_kv_head`."""
    drills: bool
    """Whether head cells can be opened into path maps (by a kernel, or because they are here)."""
    advice: Advices
    code: str
    """Python that rebuilds the first map."""


class ExplorerState(Wire):
    """What the reader has chosen; the only thing that travels up besides commands."""

    selection: str
    """Written name of the selected node in the map last touched, or empty."""
    trail: list[str]
    """Keys of the maps from the first to the last one opened; empty means the first map only."""
    metric: str
    """Name of the metric that is drawn; empty means the first."""
    prompt: Annotated[int, Field(ge=0)]
    """Which pair the token strip shows."""
    estimates: bool
    """Whether cells that were not measured show what was estimated of them."""


class DrillCommand(Wire):
    """Asks for the path map into a receiver such as `L20H0.v`; answered by a new map."""

    command: Literal["drill"] = "drill"
    receiver: str


class CancelCommand(Wire):
    """Stops the measuring of the map `key`; what was measured stays."""

    command: Literal["cancel"] = "cancel"
    key: str


class SilenceCommand(Wire):
    """Lets an advice rule be silent in this Python session, until `advice.restore`."""

    command: Literal["silence"] = "silence"
    rule: str


Command = Annotated[DrillCommand | CancelCommand | SilenceCommand, Field(discriminator="command")]
"""What a reader can ask of a kernel."""

COMMANDS: TypeAdapter[DrillCommand | CancelCommand | SilenceCommand] = TypeAdapter(Command)
"""Reads and checks a command that came up from the page."""
