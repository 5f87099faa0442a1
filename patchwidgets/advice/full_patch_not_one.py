"""Patching everything does not give the source run."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import normalized, source_of
from patchwidgets.results.result import Result

__all__ = ["full_patch_not_one"]

TOLERANCE = 0.01
"""Of the gap; half precision rounds to less. A suggestion of ours."""


@rule(
    "result",
    "error",
    reason=(
        "The residual stream before layer 0, at all positions, is all that a model is given: "
        "its normalized effect is 1, or the patch was not written."
    ),
    source=(
        "Follows from the model's structure; Meng et al. 2022 make the same check at the last layer"
    ),
    todo="Measure again with `executor='reference'`, and report it with `result.save(...)`.",
)
def full_patch_not_one(result: Result) -> Found | None:
    """Patching everything does not give the source run."""
    if source_of(result) != "other":
        return None
    share = normalized(result).get("L0.resid_pre")
    if share is None or abs(share - 1) <= TOLERANCE:
        return None
    return share, (
        f"Patching all of L0.resid_pre gave a normalized effect of {share:.4g}, and it must be 1."
    )
