"""On some pairs the two runs hardly differ."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import counted

__all__ = ["small_gaps"]

SHARE = 0.1
"""Of the mean gap; a suggestion of ours."""


@rule(
    "study",
    "note",
    reason=(
        "A mean of ratios divides by each of these gaps, so that one pair can outweigh all "
        "others by a factor of thousands. The ratio of means, which is what is drawn, does "
        "not."
    ),
    source="Miller, Chughtai & Saunders 2024, arXiv 2407.08734",
    todo="Keep to `how='ratio_of_means'`; to use `mean_of_ratios`, drop these pairs first.",
)
def small_gaps(facts: StudyFacts) -> Found | None:
    """On some pairs the two runs hardly differ."""
    if not facts.metrics:
        return None
    info, clean, corrupted = next(facts.runs())
    gaps = clean - corrupted
    small = int((np.abs(gaps) < SHARE * abs(gaps.mean())).sum())
    if not small:
        return None
    return small, (
        f"On {small} of {counted(len(gaps), 'prompt pair')} the `{info.name}` of the two runs "
        "differs by less than a tenth of the mean gap."
    )
