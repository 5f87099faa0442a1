"""Noise was drawn a few times only."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["few_noise_draws"]

ENOUGH = 10
"""Of every prompt pair, as in the code of Meng et al. 2022."""


@rule(
    "study",
    "warning",
    reason="One draw is one accident: another seed gives another map.",
    source="Meng et al. 2022, arXiv 2202.05262, whose code averages 10 draws of every prompt",
    todo="Use 10 draws or more, and read `result.draw_spread()`.",
)
def few_noise_draws(facts: StudyFacts) -> Found | None:
    """Noise was drawn a few times only."""
    if facts.noise is None or not facts.noise["draws"] < ENOUGH:
        return None
    draws = int(facts.noise["draws"])
    return draws, f"Every prompt pair was noised {'once' if draws == 1 else f'{draws} times'}."
