"""Methods were measured on different prompts."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import facts_of
from patchwidgets.advice._words import percent
from patchwidgets.results.comparison import Comparison

__all__ = ["different_prompts"]


@rule(
    "comparison",
    "warning",
    reason="Where methods see other prompts, they may differ by the prompts alone.",
    source="Zhang & Nanda 2024, arXiv 2309.16042, appendix B: both corruptions on the same prompts",
    todo=(
        "Measure them with one `study.compare`, or open each study with the same `known_in`, "
        "`seed` and `n`."
    ),
)
def different_prompts(comparison: Comparison) -> Found | None:
    """Methods were measured on different prompts."""
    clean = [
        {pair.clean for pair in facts_of(result).prompts} for result in comparison.results.values()
    ]
    if not all(clean):
        return None
    shared, every = set.intersection(*clean), set.union(*clean)
    if shared == every:
        return None
    share = len(shared) / len(every)
    return share, (
        f"Of the {len(every)} different clean prompts of these methods, {len(shared)} "
        f"({percent(share)}) {'is' if len(shared) == 1 else 'are'} in all of them."
    )
