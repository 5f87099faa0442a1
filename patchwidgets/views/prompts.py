"""The prompt pairs by themselves, token by token."""

from typing import Annotated, Literal

from pydantic import Field

from patchwidgets.views._wire import Wire
from patchwidgets.views.token_strip import TokenStrip

__all__ = ["Prompts"]


class Prompts(Wire):
    """A token strip without anything around it."""

    view: Literal["prompts"]
    title: str
    caption: str
    strip: TokenStrip
    code: str
    """Python that makes the pairs again."""


class PromptsState(Wire):
    """What the reader has chosen."""

    prompt: Annotated[int, Field(ge=0)]
    """Which pair is shown."""
