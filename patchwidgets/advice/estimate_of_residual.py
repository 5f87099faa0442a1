"""The residual stream was estimated by gradients."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import sites_of
from patchwidgets.advice._words import counted
from patchwidgets.results.result import Result

__all__ = ["estimate_of_residual"]


@rule(
    "result",
    "note",
    reason=(
        "A gradient says what a small change does, and the whole residual stream is a large one."
    ),
    source="Nanda 2023 (attribution patching)",
    todo="Do not read the estimates by themselves: measure, and read `result.agreement()`.",
)
def estimate_of_residual(result: Result) -> Found | None:
    """The residual stream was estimated by gradients."""
    large = sites_of(result) & {"resid_pre", "resid_mid", "resid_post"}
    if result.estimate is None or not large:
        return None
    cells = len(result.plan.patches)
    return (
        cells,
        f"{counted(cells, 'patch', 'patches')} of `{min(large)}` were estimated by gradients.",
    )
