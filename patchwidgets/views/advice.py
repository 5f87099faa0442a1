"""What to mind in what is shown, as the rules of `advice/` said it."""

from typing import Literal

from patchwidgets.views._wire import Wire

__all__ = ["Advice"]


class Advice(Wire):
    """One thing to mind; `patchwidgets.advice.Advice` says what the fields are."""

    name: str
    """Of the rule, by which it can be silenced."""
    severity: Literal["error", "warning", "note"]
    sentence: str
    """What was seen, with its number."""
    reason: str
    source: str
    todo: str
    """What to type or do next; code is between backticks."""
    map: str
    """Key of the map that it is about; empty where it is about all that is shown."""


Advices = list[Advice | str]
"""The most severe first. Where no rule spoke there is only a sentence: the answer to a command that
was refused, and everything in payloads before version 3."""
