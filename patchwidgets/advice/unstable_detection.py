"""Redrawn prompts detect other nodes."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found, signs
from patchwidgets.results.result import Result
from patchwidgets.results.stability import STABLE

__all__ = ["unstable_detection"]


@rule(
    "result",
    "warning",
    reason="The list is then one of these prompts and not of the behaviour.",
    source=(
        "Meloux, Portet & Peyrard 2025, arXiv 2510.00845 (their guideline is 0.8, over 100 "
        "resamples)"
    ),
    todo="Use more prompt pairs, and report `result.stability()` beside the list.",
)
def unstable_detection(result: Result) -> Found | None:
    """Redrawn prompts detect other nodes."""
    if len(result.groups) < 2 or not signs(found(result)):
        return None
    index = result.stability(n_resamples=100).jaccard
    if not index < STABLE:
        return None
    return index, (
        f"On 100 redraws of the prompts the detected nodes have a mean Jaccard index of "
        f"{index:.2f}; {STABLE} is called stable."
    )
