"""Normalized effects are divided by very different gaps."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.results.comparison import Comparison

__all__ = ["different_gaps"]

AT_MOST = 2
"""Times; a suggestion of ours."""


@rule(
    "comparison",
    "note",
    reason=(
        "A share of a large gap and the same share of a small one are not the same effect, "
        "and shares of other corruptions, directions or papers are not on one scale."
    ),
    source="Miller, Chughtai & Saunders 2024, arXiv 2407.08734",
    todo=(
        "Compare ranks and detections, or `comparison.effects(normalized=False)`, and give "
        "all settings with a number."
    ),
)
def different_gaps(comparison: Comparison) -> Found | None:
    """Normalized effects are divided by very different gaps."""
    for m, info in enumerate(next(iter(comparison.results.values())).metrics):
        gaps = [abs(float(one.snapshot().gap(m).mean())) for one in comparison.results.values()]
        if min(gaps) > 0 and max(gaps) / min(gaps) > AT_MOST:
            return max(gaps) / min(gaps), (
                f"The gaps in `{info.name}` reach from {min(gaps):.3g} to {max(gaps):.3g} "
                f"{info.unit}, and normalized effects divide by them."
            )
    return None
