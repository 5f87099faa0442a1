"""The clean run is almost certain of the answer."""

import math

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["saturated_clean"]

SURE = 0.95
"""Probability; a suggestion of ours."""


@rule(
    "study",
    "note",
    reason=(
        "Near 1 a probability, and its logarithm near 0, hardly moves whatever happens to the "
        "logits: effects of several nodes do not add up, and backups hide what one node does."
    ),
    source="Heimersheim & Nanda 2024, arXiv 2404.15255, section on metrics",
    todo=(
        "Measure `logit_diff` beside it, or `continuation_diff` where answers are of several "
        "tokens: neither levels off."
    ),
)
def saturated_clean(facts: StudyFacts) -> Found | None:
    """The clean run is almost certain of the answer."""
    logs = ("logprob", "continuation_logprob", "continuation_logprob_mean")
    limits = {"prob": SURE} | dict.fromkeys(logs, math.log(SURE))
    for info, clean, _ in facts.runs():
        mean = float(clean.mean())
        if info.name in limits and mean > limits[info.name]:
            return (
                mean,
                f"The mean `{info.name}` of the clean runs is {mean:.3g}, near its upper end.",
            )
    return None
