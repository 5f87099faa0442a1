"""The estimates order the measured cells badly."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import counted
from patchwidgets.results.result import Result

__all__ = ["estimate_ranks_poorly"]

ENOUGH = 0.8
"""Rank correlation; a suggestion of ours."""


@rule(
    "result",
    "warning",
    reason=(
        "Cells were measured in the order of their estimates, so that what the estimate "
        "misjudged may be among those that were left out."
    ),
    source=(
        "Nanda 2023 (attribution patching); Kramar et al. 2024, arXiv 2403.00745 (AtP*), on "
        "false negatives"
    ),
    todo=(
        "Measure all cells: leave out `top`, or `estimate`; `softmax_fix` and `graddrop` help "
        "with q and k."
    ),
)
def estimate_ranks_poorly(result: Result) -> Found | None:
    """The estimates order the measured cells badly."""
    if result.estimate is None:
        return None
    agreement = result.agreement()
    if not agreement.rank_correlation < ENOUGH:
        return None
    return agreement.rank_correlation, (
        f"The estimates have a rank correlation of {agreement.rank_correlation:.2f} with the "
        f"{counted(agreement.measured, 'cell')} that were measured."
    )
