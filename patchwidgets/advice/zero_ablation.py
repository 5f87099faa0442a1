"""Patches write zeros."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import source_of
from patchwidgets.advice._words import counted
from patchwidgets.results.result import Result

__all__ = ["zero_ablation"]


@rule(
    "result",
    "warning",
    reason=(
        "Zero is no value that a model ever sees at most sites, so that an effect may be that "
        "of the odd value and not of the missing information."
    ),
    source=(
        "Wang et al. 2022, arXiv 2211.00593, section 2.1; Miller, Chughtai & Saunders 2024, "
        "arXiv 2407.08734"
    ),
    todo="Compare with `source='mean'`, `source='resample'` or the other run.",
)
def zero_ablation(result: Result) -> Found | None:
    """Patches write zeros."""
    if source_of(result) != "zero":
        return None
    patches = len(result.plan.patches)
    return patches, (f"{counted(patches, 'patch', 'patches')} wrote zeros, which no prompt gives.")
