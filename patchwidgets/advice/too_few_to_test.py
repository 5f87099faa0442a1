"""There are too few prompt pairs for any test."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import counted

__all__ = ["too_few_to_test"]

ALPHA = 0.05


@rule(
    "study",
    "warning",
    reason=(
        "A sign-flip test of n pairs cannot give a p below 2 to the power 1 - n, so that no "
        "effect can be told from chance, however large, and bootstrap intervals are much too "
        "narrow."
    ),
    source="Phipson & Smyth 2010 (permutation p values); 6 pairs for p = 0.05 follows",
    todo="Use at least 6 prompt pairs, better 100: `pw.Study(..., n=100)`.",
)
def too_few_to_test(facts: StudyFacts) -> Found | None:
    """There are too few prompt pairs for any test."""
    pairs = len(facts.groups)
    smallest = 2.0 ** (1 - pairs)
    if smallest <= ALPHA:
        return None
    return pairs, (
        f"With {counted(pairs, 'prompt pair')} the smallest p that can come out is {smallest:.3g}."
    )
