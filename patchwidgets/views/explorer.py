"""The head map (or any first map) with the path maps opened from it, in one output cell."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from patchwidgets.types import Direction
from patchwidgets.views._wire import Wire
from patchwidgets.views.advice import Advices
from patchwidgets.views.circuit import Circuit
from patchwidgets.views.comparison import Comparison
from patchwidgets.views.detail import Detail
from patchwidgets.views.fact import Fact
from patchwidgets.views.heatmap import OPTIONAL, Heatmap
from patchwidgets.views.pair_map import PairMap
from patchwidgets.views.token_strip import TokenStrip

__all__ = ["Explorer"]


class Setting(Wire):
    """One way in which maps were measured: a direction, a corruption and the metrics read."""

    key: str
    """What the keys of its maps begin with; empty for the first."""
    direction: str
    corruption: str
    """Its name and site, such as `token_replacement at S2`."""
    metrics: list[str]
    facts: list[Fact]
    strip: TokenStrip | None
    """Its prompt pairs; null where they are those of the first."""
    code: str
    """Python that makes its study again."""


class Option(Wire):
    """Something to choose: what is sent, and what is read."""

    value: str
    label: str


class TabCost(Wire):
    """What a first map takes in a setting that is not the first."""

    setting: str
    """Key of the setting."""
    cost: str
    seconds: float


class Tab(Wire):
    """A first map that can be asked for, and what it takes."""

    model_config = OPTIONAL

    key: str
    """Of its map, after the key of a setting."""
    group: str
    """What the tab says; several maps may be behind one."""
    label: str
    """Which of the maps behind its tab it is."""
    code: str
    """Python that measures it, for readers without a kernel."""
    cost: str
    """How long it takes in the first setting, in words; empty where that is not known."""
    seconds: float | None
    """The same as a number."""
    elsewhere: list[TabCost] = Field(default_factory=list)
    """What it takes in the other settings that were opened."""
    site: str = ""
    """What it patches, in words; empty in payloads that tell the maps of a tab by `label` alone."""
    window: Annotated[int, Field(ge=1)] = 1
    """Neighbouring layers that are patched together."""
    positions: str = ""
    """Which positions are patched together, in words."""


class Offers(Wire):
    """What can be looked at, here or by asking a kernel; what is chosen first comes first."""

    tabs: list[Tab]
    directions: list[Option]
    corruptions: list[Option]
    metrics: list[Option]
    forms: list[Option]


class Doubt(Wire):
    """Something that takes longer than the reader would like, and was not begun for that."""

    key: str
    """Of the map that would be measured; of a circuit its setting, `circuit` and its nodes."""
    cost: str
    """How long it takes, in words."""
    seconds: float


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
    settings: list[Setting] = Field(default_factory=list)
    """How the maps were measured, the first setting first; empty where there is one and no other
    can be chosen. Keys of maps begin with those of a setting."""
    details: list[Detail] = Field(default_factory=list)
    """What was asked of single cells: effects on every pair, and attention patterns."""
    pair_maps: list[PairMap] = Field(default_factory=list)
    """The maps on single pairs that were chosen; others have to be asked for."""
    circuit: Circuit | None = None
    circuit_setting: str | None = None
    """Key of the setting in which `circuit` was measured; payloads of before do not say it."""
    """What was pinned last and measured; null where nothing was."""
    comparison: Comparison | None = None
    """One first map in all the settings that were measured, side by side; null where nobody asked
    for it."""
    compared: str = ""
    """Key of the tab that is compared; empty for none."""
    doubts: list[Doubt] = Field(default_factory=list)
    """What a kernel was asked for with a limit of time, and did not measure for that."""
    offers: Offers | None = None
    """What there is to choose from; null where one first map is shown and no study is behind it."""


class ExplorerState(Wire):
    """What the reader has chosen; the only thing that travels up besides commands."""

    selection: str
    """Written name of the selected node in the map last touched, or empty."""
    trail: list[str]
    """Keys of the maps from the first to the last one opened; empty means the first map only. The
    first key may be of a map that is not measured yet."""
    metric: str
    """Name of the metric that is drawn; empty means the first."""
    prompt: Annotated[int, Field(ge=0)]
    """Which pair the token strip shows, and attention patterns are on."""
    alone: bool
    """Whether the maps show that pair alone; otherwise they show the mean over all pairs."""
    estimates: bool
    """Whether cells that were not measured show what was estimated of them."""
    form: str
    """Form of the path maps that are opened next; empty means `pinned`."""
    pins: list[str]
    """Nodes that were pinned into a circuit, and paths between them."""


Limit = Annotated[float, Field(ge=0)]


class SweepCommand(Wire):
    """Asks for a first map, in a setting; answered by a new map."""

    command: Literal["sweep"] = "sweep"
    tab: str
    """Key of one of the offered tabs."""
    direction: str
    corruption: str
    metrics: list[str]
    now: bool
    """Whether to stop what is being measured first; otherwise this waits for it."""


class DrillCommand(Wire):
    """Asks for a path map; answered by a new map."""

    command: Literal["drill"] = "drill"
    receiver: str
    """Where the paths end, such as `L20H0.v`; several are joined by a comma."""
    sender: str = ""
    """Where the paths begin instead, such as `L20H0`: then they end at every receiver."""
    setting: str = ""
    """Key of the setting in which it is measured; empty for the first."""
    form: str = ""
    """Which nodes are frozen on the way; empty for `pinned`."""
    limit: Limit = 0
    """Where it takes more seconds, it is only said how many; 0 for no limit."""


class DetailCommand(Wire):
    """Asks for everything there is to know of one cell; answered by a new detail."""

    command: Literal["detail"] = "detail"
    map: str
    """Key of the map."""
    node: str
    """Written name of the cell."""
    prompt: Annotated[int, Field(ge=0)]
    """The pair on which attention patterns are wanted."""


class PairCommand(Wire):
    """Asks for a map on one prompt pair; answered by a new map of that pair."""

    command: Literal["pair"] = "pair"
    map: str
    """Key of the map over all pairs."""
    prompt: Annotated[int, Field(ge=0)]
    """Which pair, from 0."""


class CircuitCommand(Wire):
    """Asks how much of the behaviour some nodes carry; answered by a circuit."""

    command: Literal["circuit"] = "circuit"
    nodes: list[str]
    paths: list[str] = Field(default_factory=list)
    """Paths between them, which are drawn."""
    setting: str
    """Key of the setting in which it is measured; empty for the first."""
    limit: Limit = 0
    """Where it takes more seconds, it is only said how many; 0 for no limit."""


class CompareCommand(Wire):
    """Asks for one first map in all the settings that were measured; nothing is measured for it."""

    command: Literal["compare"] = "compare"
    tab: str
    """Key of an offered tab."""


class CancelCommand(Wire):
    """Stops the measuring of the map `key`, or of the `circuit`; what was measured stays."""

    command: Literal["cancel"] = "cancel"
    key: str


class SilenceCommand(Wire):
    """Lets an advice rule be silent in this Python session, until `advice.restore`."""

    command: Literal["silence"] = "silence"
    rule: str


AnyCommand = (
    SweepCommand
    | DrillCommand
    | DetailCommand
    | PairCommand
    | CircuitCommand
    | CompareCommand
    | CancelCommand
    | SilenceCommand
)
"""What a reader can ask of a kernel."""

COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(
    Annotated[AnyCommand, Field(discriminator="command")]
)
"""Reads and checks a command that came up from the page."""
