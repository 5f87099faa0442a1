"""The corrupted run gives the answer almost no probability."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["probability_near_floor"]

FLOOR = 0.05
"""Probability; a suggestion of ours. `probability_floor` has the paper's exact condition."""


@rule(
    "study",
    "warning",
    reason=(
        "A probability cannot fall below 0, so that a node which works against the answer "
        "cannot show: its effect ends at minus this number."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, section 4.2",
    todo=(
        "Read negative effects off `logit_diff`, which has no such floor: "
        "`pw.Study(..., metric=['logit_diff', 'prob'])`."
    ),
)
def probability_near_floor(facts: StudyFacts) -> Found | None:
    """The corrupted run gives the answer almost no probability."""
    runs = facts.run("prob")
    if runs is None or facts.direction != "denoising" or not runs[1].mean() < FLOOR:
        return None
    left = float(runs[1].mean())
    return left, (
        f"The corrupted run gives the answer a probability of {left:.2g}, so that no effect can be "
        f"below -{left:.2g}."
    )
