"""The prompt pairs, token by token, with the tokens that differ marked."""

from patchwidgets.views._wire import Wire

__all__ = ["TokenStrip"]


class Pair(Wire):
    """One prompt pair as the model reads it."""

    clean: list[str]
    corrupted: list[str]
    differs: list[bool]
    """Per position: do the two prompts have different tokens there?"""
    roles: dict[int, str]
    """Position to role name; several roles at one position are joined by a comma."""
    answers: list[str]
    wrong_answers: list[str]
    group: str
    """The template or other group the pair comes from; empty where there is none."""
    right: bool
    """Whether the clean run prefers the answer to the wrong answer."""


class TokenStrip(Wire):
    """Prompt pairs in study order."""

    pairs: list[Pair]
