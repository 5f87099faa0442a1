"""Prompts: pairs of texts, their tokens, the tasks and corruptions that make them.

`pairs` is text only; `tokens` and `answers` need torch and are imported by name.
"""

from patchwidgets.prompts.pairs import PromptPair, PromptPairs

__all__ = ["PromptPair", "PromptPairs"]
