"""The noise is far from the usual size."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["noise_size"]

SMALL, LARGE = 1, 6
"""Standard deviations; the second is a suggestion of ours."""

MATCHED = "matched_noise"
"""Its size is that by which the noised words differ from each other, and 1 is usual."""


@rule(
    "study",
    "warning",
    reason=(
        "Noise of one standard deviation or less leaves much of the word in place; very large "
        "noise swamps the residual stream and every norm after it."
    ),
    source="Meng et al. 2022, arXiv 2202.05262 (3 standard deviations)",
    todo="Use `k=3.0`, and read `study.corruption_report()` for what it does to the runs.",
)
def noise_size(facts: StudyFacts) -> Found | None:
    """The noise is far from the usual size."""
    if facts.noise is None or facts.corruption == MATCHED:
        return None
    size, sigma = float(facts.noise["k"]), float(facts.noise["sigma"])
    if SMALL < size <= LARGE:
        return None
    return size, (
        f"The noise is {size:g} times the standard deviation of the noised embeddings "
        f"({sigma:.3g}); 3 is usual."
    )
