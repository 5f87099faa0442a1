"""What one attention head attends to, on the two unpatched runs and under a patch."""

from typing import Annotated, Literal

from pydantic import Field

from patchwidgets.views._wire import ArrayRef, Wire

__all__ = ["Attention"]


class Place(Wire):
    """One token position of the prompts that are shown."""

    clean: str
    """Its token in the clean prompt; empty where the prompts of a mean have several."""
    corrupted: str
    """The same of the corrupted prompt."""
    differs: bool
    """Whether the two runs are given something different here."""
    role: str
    """Several roles at one position are joined by a comma; empty where there is none."""


class AttendingRun(Wire):
    """One of the runs beside each other."""

    name: Literal["clean", "corrupted", "patched"]
    label: str
    """What is run, such as `L17H4 -> L20H0.k` for the patched one."""


class Attention(Wire):
    """The attention pattern of one head on one prompt pair, or the mean over several."""

    view: Literal["attention"]
    node: str
    """Written name of the head."""
    title: str
    caption: str
    """Which prompts, and what is patched: enough to redo it."""
    prompt: Annotated[int, Field(ge=0)] | None
    """Which pair; null for a mean over pairs."""
    base: Literal["clean", "corrupted"]
    """Which of the unpatched runs is the one that is patched."""
    places: Annotated[list[Place], Field(min_length=1)]
    """All positions that are attended to, in order."""
    runs: Annotated[list[AttendingRun], Field(min_length=1)]
    destinations: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    """Positions that attend whose numbers are here: all of them, or of long prompts those with a
    role."""
    weights: ArrayRef
    """Over runs, destinations, places: the share of its attention, 0 = none, 1 = all."""
    destination: Annotated[int, Field(ge=0)]
    """The position that attends which is shown at first: the last one."""
    note: str
    """What to know of it in words: why a patch changes nothing here, or could not be applied;
    otherwise empty."""
    code: str
    """Python that measures it again."""


class AttentionState(Wire):
    """What the reader has chosen."""

    selection: str
    """Written name of the head; empty means the one that is shown."""
    prompt: Annotated[int, Field(ge=0)]
    """Which pair; without meaning where a mean is shown."""
    destination: Annotated[int, Field(ge=-1)]
    """The position that attends; -1 means `Attention.destination`."""
    matrix: bool
    """Whether all destinations are shown, as a map."""
