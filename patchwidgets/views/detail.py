"""Everything that is shown of one selected cell and takes more than its map to know."""

from typing import Annotated

from pydantic import Field

from patchwidgets.views._wire import Wire
from patchwidgets.views.attention import Attention
from patchwidgets.views.prompt_effects import PromptEffects

__all__ = ["Detail"]

BUSY = "The model is measuring something else; attention patterns come when it has ended."
"""The note of a detail whose patterns wait for the model."""


class Detail(Wire):
    """One cell of one map: what it does to every pair, and what its head attends to."""

    map: str
    """Key of the map."""
    node: str
    """Written name of the cell."""
    prompt: Annotated[int, Field(ge=0)]
    """The pair on which the patterns are."""
    effects: PromptEffects
    patterns: list[Attention]
    """Of the heads that the cell is about; empty where `note` says why."""
    note: str
    """Why there is no pattern; empty where there is one."""
