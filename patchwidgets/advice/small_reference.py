"""A mean is taken over few reference prompts."""

import re

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import source_of
from patchwidgets.advice._words import counted
from patchwidgets.results.result import Result

__all__ = ["small_reference"]

ENOUGH = 100
"""Prompts; a suggestion of ours."""
OVER = re.compile(r"mean (?:by role )?over (\d+) prompts")


@rule(
    "result",
    "note",
    reason=(
        "The mean is part of the result: circuits score higher the more prompts it is taken "
        "over, and it is only a mean of one template where the reference has that template."
    ),
    source="Miller, Chughtai & Saunders 2024, arXiv 2407.08734",
    todo="Give a larger `reference` of the same templates, and say how large it is.",
)
def small_reference(result: Result) -> Found | None:
    """A mean is taken over few reference prompts."""
    mean = OVER.match(source_of(result))
    if mean is None or not int(mean[1]) < ENOUGH:
        return None
    size = int(mean[1])
    return size, f"Patches write means over {counted(size, 'reference prompt')}."
